/* Recurrent layers: LSTM, GRU and RNN differ in the number of gates and in the cell state. */
#ifndef OB_OP_RECURRENT_H
#define OB_OP_RECURRENT_H

#include "op/infer_util.h"

/* Checks the weights and fills Y, Y_h and, with `cell`, Y_c. Inputs are X, W, R, B, sequence_lens, initial_h, initial_c, P. */
ob_status_t ob_infer_recurrent(ob_infer_t *infer, int64_t gates, bool cell);

#endif
