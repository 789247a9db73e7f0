// Compiled once per instruction set, as isa.cpp is, with MHO_PICTURES naming the kernels of pictures.
#include "kernels.hpp"

namespace mho {
#include "codes.inl"
#include "range_reader.inl"
#include "rans.inl"
#include "patches.inl"
#include "tiles.inl"

extern const Pictures MHO_PICTURES;
const Pictures MHO_PICTURES = pictures();

} // namespace mho
