/* Text of models on its way to a terminal or into JSON. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

/* A name without bytes that a terminal would obey (they come out as \xNN), at most 200 bytes; valid until the fourth call after. */
const char *printable(const char *name);
/* A JSON string on stdout, or null for NULL. */
void print_json_string(const char *text);

#endif
