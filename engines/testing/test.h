/* cmocka with what it needs before it, and the rig: the one include of an engine's test. */
#ifndef OB_TESTING_TEST_H
#define OB_TESTING_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "testing/testing.h"

#endif
