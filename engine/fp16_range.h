#pragma once

#include "engine/io/checkpoint.h"

namespace stampd {

/// Refuses fp16 for a network that was trained in bf16: its activations leave fp16's range, and pictures come out black or broken
/// (https://github.com/huggingface/diffusers/issues/10241 and 10873).
///
/// Checkpoints do not say what they were trained in. SANA's that were in bf16 hold their weights in it, or have what only those
/// have: normed queries and keys (SANA-1.5, Sprint), or a position table beyond 1024 px. Other transformers pass. Throws BadRequest
/// for `precision`, with the sign that was found; Broken if the component's files can't be read.
void CheckFp16Range(const io::Component& transformer);

}  // namespace stampd
