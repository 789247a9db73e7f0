// Compiled once per instruction set, with MHO_TABLE naming the table it defines. The compiler inlines less, the more a unit
// holds: what need not be together is a unit of its own, isa_newton.cpp and isa_pictures.cpp.
#include "kernels.hpp"
#if defined(__AVX512F__)
#include <immintrin.h>
#endif

namespace mho {
#include "vector.inl"
#include "array_stats.inl"
#include "dense.inl"
#include "sparse.inl"
#include "sweep.inl"
#include "cross.inl"
#include "row_gram.inl"
#include "descend.inl"
#include "descend_own.inl"
#include "masked.inl"
#include "lcp.inl"
#include "lcp_lanes.inl"
#include "masked_lcp.inl"
#include "one.inl"
#include "motion.inl"
#include "split_motion.inl"
#include "like_patches.inl"

namespace {

template <class T> constexpr Dense<T> dense() {
    return {lanes<T>,
            block<T>,
            &sweep_scratch<T>,
            &sweep<T>,
            &sweep_rows<T>,
            &sweep_columns<T>,
            &products_scratch<T>,
            &products_of_rows<T>,
            &products_of_columns<T>,
            &gram_scratch<T>,
            &gram<T>,
            &array_stats<T>,
            &descend_own_scratch<T>,
            &descend_own<T>};
}

template <class T, class I> constexpr Sparse<T, I> sparse() {
    return {&sums_size<T>,
            &masked_scratch<T>,
            &cross<T, I>,
            &sddmm<T, I>,
            &sweep_sparse<T, I>,
            &masked_sweep<T, I>,
            &masked_lcp<T, I>};
}

} // namespace

extern const Pictures MHO_PICTURES;
extern const Newtons MHO_NEWTONS;
extern const Table MHO_TABLE;
const Table MHO_TABLE = {
    MHO_NAME,
    &MHO_PICTURES,
    &MHO_NEWTONS,
    {&lcp_total_scratch, &masked_lcp_scratch, &lcp, &one_scratch, &one},
    &follow_split_scratch,
    &follow_split,
    &between,
    &alike_scratch,
    &mix_alike,
    dense<float>(),
    dense<double>(),
    sparse<float, std::int32_t>(),
    sparse<float, std::int64_t>(),
    sparse<double, std::int32_t>(),
    sparse<double, std::int64_t>(),
};

} // namespace mho
