/* Colours of engines in pictures: the same in every report, and told apart by most colour-blind readers. */
#ifndef OB_RUNTIME_REPORT_COLOUR_H
#define OB_RUNTIME_REPORT_COLOUR_H

/* "#9ecae1". */
const char *ob_engine_colour(const char *engine);

#endif
