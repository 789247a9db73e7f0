// Compiled once per instruction set, as isa.cpp is, with MHO_NEWTONS naming the kernels of Newton steps.
#include "kernels.hpp"

namespace mho {
#include "vector.inl"
#include "dense.inl"
#include "row_gram.inl"
#include "descend.inl"
#include "loss.inl"
#include "newton_dense.inl"
#include "newton_sparse.inl"

namespace {

template <class T> constexpr NewtonDense<T> dense() { return {&newton_scratch<T>, &newton_dense<T>}; }
template <class T, class I> constexpr NewtonSparse<T, I> sparse() { return {&newton_sparse_scratch<T>, &newton_sparse<T, I>}; }

} // namespace

extern const Newtons MHO_NEWTONS;
const Newtons MHO_NEWTONS = {
    dense<float>(),
    dense<double>(),
    sparse<float, std::int32_t>(),
    sparse<float, std::int64_t>(),
    sparse<double, std::int32_t>(),
    sparse<double, std::int64_t>(),
};

} // namespace mho
