// What works on whole sparse matrices and is the same for every instruction set; module.cpp is compiled for size.
#include "csc_to_csr.hpp"
#include "nearest.hpp"

namespace mho {

template void csc_to_csr(Columns<float, std::int32_t>, index_t, index_t, index_t, ByRow<float, std::int32_t>, index_t, Stop);
template void csc_to_csr(Columns<float, std::int64_t>, index_t, index_t, index_t, ByRow<float, std::int64_t>, index_t, Stop);
template void csc_to_csr(Columns<double, std::int32_t>, index_t, index_t, index_t, ByRow<double, std::int32_t>, index_t, Stop);
template void csc_to_csr(Columns<double, std::int64_t>, index_t, index_t, index_t, ByRow<double, std::int64_t>, index_t, Stop);

template void nearest_columns(const BothOrders<std::int32_t> &, const float *, const std::int32_t *, Lists, Range, GramRow<std::int32_t> &, Nearest &);
template void gram_of_nearest(const BothOrders<std::int32_t> &, Scatter, Lists, float *, Range, GramRow<std::int32_t> &);
template void gram_of_own_rows(const BothOrders<std::int32_t> &, const std::int32_t *, Lists, float *, Range, Local &);
template void nearest_columns(const BothOrders<std::int64_t> &, const float *, const std::int32_t *, Lists, Range, GramRow<std::int64_t> &, Nearest &);
template void gram_of_nearest(const BothOrders<std::int64_t> &, Scatter, Lists, float *, Range, GramRow<std::int64_t> &);
template void gram_of_own_rows(const BothOrders<std::int64_t> &, const std::int32_t *, Lists, float *, Range, Local &);

} // namespace mho
