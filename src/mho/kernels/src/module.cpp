// Python's door to the kernels: shapes are checked here, the table of the widest instruction set this processor has is
// chosen once, and Python's lock (GIL) is given back while the threads work.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "kernels.hpp"
#include "nearest.hpp"
#include "parallel.hpp"
#include "csc_to_csr.hpp"

namespace nb = nanobind;

namespace mho {

extern const Table table_baseline;
#ifdef MHO_X86
extern const Table table_avx2;
extern const Table table_avx512;
#endif

namespace {

const Table &choose() {
#ifdef MHO_X86
    const char *wanted = std::getenv("MHO_ISA"); // to test a narrower set than the processor's widest
    const std::string limit = wanted ? wanted : "avx512";
    __builtin_cpu_init();
    if (limit == "avx512" && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw"))
        return table_avx512;
    if (limit != "baseline" && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return table_avx2;
#endif
    return table_baseline;
}

} // namespace

const Table &table() {
    static const Table &chosen = choose();
    return chosen;
}

void bind_pictures(nb::module_ &);

namespace {

template <class T> const Dense<T> &dense();
template <> const Dense<float> &dense() { return table().dense_f; }
template <> const Dense<double> &dense() { return table().dense_d; }

template <class T, class I> const Sparse<T, I> &sparse();
template <> const Sparse<float, std::int32_t> &sparse() { return table().sparse_fi; }
template <> const Sparse<float, std::int64_t> &sparse() { return table().sparse_fl; }
template <> const Sparse<double, std::int32_t> &sparse() { return table().sparse_di; }
template <> const Sparse<double, std::int64_t> &sparse() { return table().sparse_dl; }

template <class T> const NewtonDense<T> &newton();
template <> const NewtonDense<float> &newton() { return table().newtons->dense_f; }
template <> const NewtonDense<double> &newton() { return table().newtons->dense_d; }

template <class T, class I> const NewtonSparse<T, I> &newton();
template <> const NewtonSparse<float, std::int32_t> &newton() { return table().newtons->sparse_fi; }
template <> const NewtonSparse<float, std::int64_t> &newton() { return table().newtons->sparse_fl; }
template <> const NewtonSparse<double, std::int32_t> &newton() { return table().newtons->sparse_di; }
template <> const NewtonSparse<double, std::int64_t> &newton() { return table().newtons->sparse_dl; }

template <class T> using In = nb::ndarray<const T, nb::c_contig, nb::device::cpu>;
template <class T> using Out = nb::ndarray<T, nb::c_contig, nb::device::cpu>;
template <class T> using AnyOrder = nb::ndarray<const T, nb::ndim<2>, nb::device::cpu>;

Method method_of(int number) {
    if (number < symmetric || number > degenerate) throw std::invalid_argument("method must be 0, 1 or 2");
    return Method(number);
}

void require(bool ok, const char *what) {
    if (!ok) throw std::invalid_argument(what);
}

template <class A> void matrix(const A &a, std::size_t rows, std::size_t columns, const char *what) {
    require(a.ndim() == 2 && a.shape(0) == rows && a.shape(1) == columns, what);
}

template <class A, class B> bool same_shape(const A &a, const B &b) {
    if (a.ndim() != b.ndim()) return false;
    for (std::size_t axis = 0; axis < a.ndim(); ++axis)
        if (a.shape(axis) != b.shape(axis)) return false;
    return true;
}

template <class A> void matrix(const A &a, const char *what) { require(a.ndim() == 2, what); }

void order(std::size_t k) { require(k > 0, "k must be above zero"); }

template <class A> void vector(const A &a, std::size_t size, const char *what) {
    require(a.ndim() == 1 && a.shape(0) == size, what);
}

// Python's lock, given back while the threads work, but for a look at the signals now and then.
class Unlocked {
public:
    Unlocked() : state_(PyEval_SaveThread()), next_(Clock::now() + pause) {}
    Unlocked(const Unlocked &) = delete;
    ~Unlocked() { lock(); }

    // Asked by the thread that called: whether a signal's handler raised an exception, which is then Python's current one.
    Stop stop() {
        return {[](void *of) { return static_cast<Unlocked *>(of)->interrupted(); }, this};
    }

private:
    using Clock = std::chrono::steady_clock;
    static constexpr std::chrono::milliseconds pause{40};

    bool interrupted() {
        if (interrupted_ || Clock::now() < next_) return interrupted_;
        lock();
        interrupted_ = PyErr_CheckSignals() != 0;
        state_ = PyEval_SaveThread();
        next_ = Clock::now() + pause;
        return interrupted_;
    }

    // Where Python has ended, it ends a thread that wants its lock by unwinding its stack, which frames that may not
    // throw turn into an abort: instead the thread sleeps here for as long as the process still lives.
    void lock() noexcept {
        try {
            PyEval_RestoreThread(state_);
        } catch (...) {
            for (;;) std::this_thread::sleep_for(std::chrono::hours(1));
        }
    }

    PyThreadState *state_;
    Clock::time_point next_;
    bool interrupted_ = false;
};

// work(stop) without Python's lock. What it throws is thrown once the lock is back; what a signal raised comes first.
template <class Work> void unlocked(Work work) {
    std::exception_ptr thrown;
    {
        Unlocked python;
        try {
            work(python.stop());
        } catch (...) {
            thrown = std::current_exception();
        }
    }
    if (PyErr_Occurred()) throw nb::python_error();
    if (thrown) std::rethrow_exception(thrown);
}

// Threads, no more than are of use anywhere, and how often something is done.
void counts(index_t &threads, index_t rounds = 0) {
    require(threads > 0, "threads must be above zero");
    require(rounds >= 0, "sweeps and steps must not be negative");
    threads = std::min(threads, most_threads);
}

// Threads that so many multiply-adds are worth: starting one takes as long as some hundred thousand of them.
index_t team_for(double operations, index_t threads) { return std::clamp<index_t>(index_t(operations / 5e5), 1, threads); }

// The arrays of a matrix by columns; its indices are checked when they are read, see for_columns.
template <class T, class I>
Columns<T, I> columns(const In<I> &ptr, const In<I> &idx, const T *val, std::size_t entries, std::size_t n) {
    require(ptr.ndim() == 1 && ptr.shape(0) == n + 1, "ptr must have one entry more than there are columns");
    require(idx.ndim() == 1 && idx.shape(0) == entries, "idx and val must be of one length");
    const I *p = ptr.data();
    require(p[0] == 0 && std::size_t(p[n]) == entries, "ptr must run from 0 to the number of entries");
    bool ordered = true;
    for (std::size_t j = 0; j < n; ++j) ordered &= p[j] <= p[j + 1];
    require(ordered, "ptr must not decrease");
    return {p, idx.data(), val};
}

// The same with a weight, >= 0, for each entry.
template <class T, class I>
Columns<T, I> weighted_columns(const In<I> &ptr, const In<I> &idx, const In<T> &val, const In<T> &weight, std::size_t n) {
    auto b = columns<T, I>(ptr, idx, val.data(), val.size(), n);
    vector(weight, val.size(), "weight must be as long as val");
    b.weight = weight.data();
    return b;
}

// A (m, k) with its rows padded to whole vectors; a copy only where they are not, where they do not begin
// at cache lines, or where the padding is to begin with minus a shift (m,).
template <class T> class Padded {
public:
    Padded(const In<T> &A, Stop stop, const T *shift = nullptr) : data_(A.data()), row_(A.shape(1)) {
        const std::size_t m = A.shape(0), k = A.shape(1), lanes = dense<T>().lanes;
        const std::size_t needed = shift ? k + 1 : k, row = (needed + lanes - 1) / lanes * lanes;
        if (row == k && reinterpret_cast<std::uintptr_t>(A.data()) % 64 == 0) return;
        T *copy = copy_.emplace(m * row).data();
        Patience patience{stop};
        for (std::size_t i = 0; i < m && !patience.ends(row); ++i) {
            std::copy_n(A.data() + i * k, k, copy + i * row);
            if (shift) copy[i * row + k] = -shift[i];
        }
        data_ = copy, row_ = row;
    }
    const T *data() const { return data_; }
    index_t row() const { return row_; }

private:
    std::optional<Aligned<T>> copy_;
    const T *data_;
    index_t row_;
};

constexpr index_t small_chunk = 64;

// Right-hand sides a thread takes at once: a multiple of a block, several turns a thread, at most `most`.
template <class T> index_t chunk_of(index_t n, index_t threads, index_t most) {
    const index_t unit = dense<T>().block, share = n / (4 * std::max<index_t>(1, threads));
    return std::clamp((share + unit - 1) / unit * unit, unit, std::max(unit, most / unit * unit));
}

template <class T> void gram(AnyOrder<T> A, Out<T> G, index_t threads) {
    const index_t m = A.shape(0), k = A.shape(1), chunk = 4096, chunks = (m + chunk - 1) / chunk;
    matrix(G, k, k, "G must be (k, k)");
    counts(threads);
    threads = team_for(double(m) * k * k, threads);
    unlocked([&](Stop stop) {
        std::vector<T> parts(chunks * k * k); // summed in order, whoever made them
        parallel_for<T>(m, chunk, threads, dense<T>().gram_scratch(k), stop, [&](Range range, T *scratch) {
            dense<T>().gram(A.data(), A.stride(0), A.stride(1), k, range, parts.data() + range.begin / chunk * k * k, scratch);
        });
        std::fill_n(G.data(), k * k, T(0));
        for (index_t c = 0; c < chunks; ++c)
            for (index_t l = 0; l < k * k; ++l) G.data()[l] += parts[c * k * k + l];
    });
}

// Out: the least and the largest number, the sum, the sum of squares.
template <class T> void array_stats(In<T> x, Out<double> out, index_t threads) {
    const index_t n = x.size(), chunk = 1 << 16;
    counts(threads);
    vector(out, 4, "out must be (4,)");
    threads = team_for(double(n) / 4, threads);
    unlocked([&](Stop stop) {
        std::vector<ArrayStats> parts((n + chunk - 1) / chunk); // put together in order, whoever made them
        parallel_for<T>(n, chunk, threads, 0, stop, [&](Range range, T *) { parts[range.begin / chunk] = dense<T>().array_stats(x.data(), range); });
        ArrayStats all = no_stats;
        for (const ArrayStats &part : parts) all = together(all, part);
        out.data()[0] = all.low, out.data()[1] = all.high, out.data()[2] = all.total, out.data()[3] = all.square;
    });
}

template <class T> Problem<T> problem(const In<T> &G, const In<T> &offset, std::size_t k) {
    matrix(G, k, k, "G must be (k, k)");
    vector(offset, k, "offset must be (k,)");
    return {G.data(), offset.data(), index_t(k)};
}

template <class T> void sweep(In<T> G, In<T> C, Out<T> answer, index_t sweeps, index_t threads) {
    matrix(C, "C must be (n, k)");
    const std::size_t n = C.shape(0), k = C.shape(1);
    matrix(G, k, k, "G must be (k, k)");
    order(k);
    counts(threads, sweeps);
    matrix(answer, n, k, "X must be (n, k)");
    unlocked([&](Stop stop) {
        parallel_for<T>(n, chunk_of<T>(n, threads, 1024), team_for(double(n) * k * k * sweeps, threads), dense<T>().sweep_scratch(k), stop, [&](Range range, T *scratch) {
            dense<T>().sweep({G.data(), nullptr, index_t(k)}, C.data(), answer.data(), sweeps, range, scratch);
        });
    });
}

template <class T>
void sweep_rows(In<T> X, In<T> A, In<T> G, In<T> offset, Out<T> answer, index_t sweeps, Out<double> fit, index_t threads) {
    matrix(X, "X must be a matrix");
    matrix(A, "A must be (k, m)");
    const std::size_t n = X.shape(0), m = X.shape(1), k = A.shape(0);
    matrix(A, k, m, "A must be (k, m)");
    order(k);
    counts(threads, sweeps);
    matrix(answer, k, n, "answer must be (k, n)");
    vector(fit, n, "fit must be (n,)");
    const auto p = problem(G, offset, k);
    threads = team_for(double(n) * k * (m + sweeps * k), threads);
    unlocked([&](Stop stop) {
        parallel_for<T>(n, chunk_of<T>(n, threads, 1024), threads, dense<T>().sweep_scratch(k), stop, [&](Range range, T *scratch) {
            dense<T>().sweep_rows(X.data(), n, m, A.data(), p, answer.data(), sweeps, fit.data(), range, scratch);
        });
    });
}

template <class T>
void sweep_columns(In<T> X, In<T> A, In<T> G, In<T> offset, Out<T> answer, index_t sweeps, Out<double> fit, index_t threads) {
    matrix(X, "X must be a matrix");
    matrix(A, "A must be (k, m)");
    const std::size_t m = X.shape(0), n = X.shape(1), k = A.shape(0);
    matrix(A, k, m, "A must be (k, m)");
    order(k);
    counts(threads, sweeps);
    matrix(answer, k, n, "answer must be (k, n)");
    vector(fit, n, "fit must be (n,)");
    const auto p = problem(G, offset, k);
    threads = team_for(double(n) * k * (m + sweeps * k), threads);
    unlocked([&](Stop stop) {
        parallel_for<T>(n, chunk_of<T>(n, threads, 2048), threads, dense<T>().sweep_scratch(k), stop, [&](Range range, T *scratch) {
            dense<T>().sweep_columns(X.data(), n, m, A.data(), p, answer.data(), sweeps, fit.data(), range, scratch);
        });
    });
}

// body(Range, scratch) makes the products of so many right-hand sides and returns what it saw of them: the largest
// magnitude, or NaN, which stays.
template <class T, class Body> T products(index_t n, index_t m, index_t k, index_t threads, Body body) {
    threads = team_for(double(n) * k * m, threads);
    const index_t chunk = chunk_of<T>(n, threads, 2048);
    std::vector<T> parts((n + chunk - 1) / chunk);
    unlocked([&](Stop stop) {
        parallel_for<T>(n, chunk, threads, dense<T>().products_scratch(k), stop,
                        [&](Range range, T *scratch) { parts[range.begin / chunk] = body(range, scratch); });
    });
    T largest = 0;
    for (const T part : parts) largest = part > largest || part != part ? part : largest;
    return largest;
}

template <class T> T products_of_rows(In<T> X, In<T> A, Out<T> C, index_t threads) {
    matrix(X, "X must be a matrix");
    matrix(A, "A must be (k, m)");
    const std::size_t n = X.shape(0), m = X.shape(1), k = A.shape(0);
    matrix(A, k, m, "A must be (k, m)");
    order(k);
    counts(threads);
    matrix(C, n, k, "C must be (n, k)");
    return products<T>(n, m, k, threads, [&](Range range, T *scratch) {
        return dense<T>().products_of_rows(X.data(), m, A.data(), k, C.data(), range, scratch);
    });
}

template <class T> T products_of_columns(In<T> X, In<T> A, Out<T> C, index_t threads) {
    matrix(X, "X must be a matrix");
    matrix(A, "A must be (m, k)");
    const std::size_t m = X.shape(0), n = X.shape(1), k = A.shape(1);
    matrix(A, m, k, "A must be (m, k)");
    order(k);
    counts(threads);
    matrix(C, n, k, "C must be (n, k)");
    return products<T>(n, m, k, threads, [&](Range range, T *scratch) {
        return dense<T>().products_of_columns(X.data(), n, m, A.data(), k, C.data(), range, scratch);
    });
}

template <class T, class I>
void sweep_sparse(In<T> A, In<I> ptr, In<I> idx, In<T> val, In<T> G, In<T> offset, Out<T> answer, index_t sweeps, Out<double> fit,
                  index_t threads) {
    matrix(A, "A must be (m, k)");
    matrix(answer, "answer must be (n, k)");
    const std::size_t n = answer.shape(0), m = A.shape(0), k = A.shape(1);
    matrix(answer, n, k, "answer must be (n, k)");
    order(k);
    counts(threads, sweeps);
    vector(fit, n, "fit must be (n,)");
    const auto p = problem(G, offset, k);
    const auto b = columns<T, I>(ptr, idx, val.data(), val.size(), n);
    threads = team_for(double(val.size()) * k + double(n) * k * k * sweeps, threads);
    unlocked([&](Stop stop) {
        for_columns<T>(b, val.size(), m, n, chunk_of<T>(n, threads, 1024), threads, dense<T>().sweep_scratch(k), stop,
                       [&](Range range, Columns<T, I> part, T *scratch) {
                           sparse<T, I>().sweep_sparse(A.data(), part, p, answer.data(), sweeps, fit.data(), range, scratch);
                       });
    });
}

template <class T, class I>
void cross(In<T> A, In<I> ptr, In<I> idx, In<T> val, Out<T> out, index_t threads) {
    matrix(out, "out must be (n, k)");
    matrix(A, "A must be (m, k)");
    const std::size_t n = out.shape(0), k = out.shape(1);
    matrix(A, A.shape(0), k, "A must be (m, k)");
    order(k);
    counts(threads);
    const auto b = columns<T, I>(ptr, idx, val.data(), val.size(), n);
    unlocked([&](Stop stop) {
        for_columns<T>(b, val.size(), A.shape(0), n, small_chunk, threads, 0, stop, [&](Range range, Columns<T, I> part, T *) {
            sparse<T, I>().cross(A.data(), k, part, out.data(), range);
        });
    });
}

template <class T, class I>
void csc_to_csr(In<I> ptr, In<I> idx, In<T> val, Out<I> to_ptr, Out<I> to_idx, Out<T> to_val, index_t threads) {
    require(ptr.ndim() == 1 && ptr.shape(0) > 0 && to_ptr.ndim() == 1 && to_ptr.shape(0) > 1, "ptr and to_ptr must be (n + 1,) and (m + 1,)");
    counts(threads);
    const std::size_t n = ptr.shape(0) - 1, m = to_ptr.shape(0) - 1;
    const auto b = columns<T, I>(ptr, idx, val.data(), val.size(), n);
    vector(to_idx, val.size(), "to_idx must be as long as val");
    vector(to_val, val.size(), "to_val must be as long as val");
    unlocked([&](Stop stop) {
        mho::csc_to_csr<T, I>(b, val.size(), n, m, {to_ptr.data(), to_idx.data(), to_val.data()}, threads, stop);
    });
}

template <class T, class I>
void sddmm(In<T> A, In<T> X, In<I> ptr, In<I> idx, Out<T> out, index_t threads) {
    matrix(X, "X must be (n, k)");
    matrix(A, "A must be (m, k)");
    const std::size_t n = X.shape(0), k = X.shape(1);
    matrix(A, A.shape(0), k, "A must be (m, k)");
    counts(threads);
    const auto b = columns<T, I>(ptr, idx, out.data(), out.size(), n);
    unlocked([&](Stop stop) {
        for_columns<T>(b, out.size(), A.shape(0), n, small_chunk, threads, 0, stop, [&](Range range, Columns<T, I> part, T *) {
            sparse<T, I>().sddmm(A.data(), X.data(), k, part, out.data(), range);
        });
    });
}

// In blocks where A (m, row) is larger than a cache and a row that comes near is then read several times; whether does not
// depend on the number of threads, for the order of a sum does on it.
template <class T, class I>
Tiling tiling_of(index_t m, index_t row, index_t k, index_t n, index_t entries, index_t threads) {
    constexpr index_t near = 768 << 10, most_sums = 4 << 20, all_sums = 32 << 20; // bytes: of a block, of a thread, of all
    const index_t lanes = dense<T>().lanes, rows = std::max<index_t>(1, near / (row * sizeof(T)));
    const index_t bytes = sparse<T, I>().sums_size(k) * sizeof(T), most = std::min(most_together, most_sums / bytes);
    if (m <= 2 * rows || double(std::min(most, n)) * double(entries) < 4.0 * double(m) * double(n)) return {m, m, lanes};
    const index_t fair = std::min({most, all_sums / threads / bytes, n / (4 * threads)});
    return {m, rows, std::max(lanes, fair / lanes * lanes)};
}

template <class T, class I>
void sweep_known(In<T> A, const T *shift, Columns<T, I> b, std::size_t entries, In<T> ridge, Out<T> answer, index_t sweeps, Out<double> fit, index_t threads) {
    const std::size_t n = answer.shape(0), k = answer.shape(1);
    order(k);
    counts(threads, sweeps);
    matrix(A, A.shape(0), k, "A must be (m, k)");
    matrix(ridge, 4, k, "ridge must be (4, k)");
    matrix(fit, n, 2, "fit must be (n, 2)");
    const T *r = ridge.data();
    unlocked([&](Stop stop) {
        const Padded<T> padded(A, stop, shift);
        const Tiling tiling = tiling_of<T, I>(A.shape(0), padded.row(), k, n, entries, threads);
        const index_t scratch_size = sparse<T, I>().masked_scratch(k, tiling.together), chunk = std::max(small_chunk, tiling.together);
        for_columns<T>(b, entries, A.shape(0), n, chunk, threads, scratch_size, stop,
                       [&](Range range, Columns<T, I> part, T *scratch) {
                           sparse<T, I>().masked_sweep(padded.data(), k, padded.row(), part, tiling, {r, r + k, r + 2 * k, r + 3 * k}, answer.data(), sweeps,
                                                       fit.data(), range, scratch);
                       });
    });
}

template <class T, class I>
void masked_sweep(In<T> A, std::optional<In<T>> shift, In<I> ptr, In<I> idx, In<T> val, In<T> ridge, Out<T> answer, index_t sweeps,
                  Out<double> fit, index_t threads) {
    matrix(A, "A must be (m, k)");
    matrix(answer, "answer must be (n, k)");
    if (shift) vector(*shift, A.shape(0), "shift must be (m,)");
    const auto b = columns<T, I>(ptr, idx, val.data(), val.size(), answer.shape(0));
    sweep_known(A, shift ? shift->data() : nullptr, b, val.size(), ridge, answer, sweeps, fit, threads);
}

template <class T, class I>
void weighted_sweep(In<T> A, In<I> ptr, In<I> idx, In<T> val, In<T> weight, In<T> ridge, Out<T> answer, index_t sweeps, Out<double> fit,
                    index_t threads) {
    matrix(A, "A must be (m, k)");
    matrix(answer, "answer must be (n, k)");
    const auto b = weighted_columns<T, I>(ptr, idx, val, weight, answer.shape(0));
    sweep_known(A, static_cast<const T *>(nullptr), b, val.size(), ridge, answer, sweeps, fit, threads);
}

Loss loss_of(int number) {
    if (number < kullback_leibler || number > kullback_leibler_stored) throw std::invalid_argument("loss must be 0, 1 or 2");
    return Loss(number);
}

template <class T>
void divergence_dense(AnyOrder<T> X, In<T> A, In<T> price, int loss, Out<T> answer, index_t steps, index_t sweeps, Out<double> fit,
                      index_t threads) {
    matrix(A, "A must be (k, m)");
    const std::size_t m = X.shape(0), n = X.shape(1), k = A.shape(0);
    matrix(A, k, m, "A must be (k, m)");
    matrix(answer, k, n, "answer must be (k, n)");
    order(k);
    counts(threads, std::min(steps, sweeps));
    vector(fit, n, "fit must be (n,)");
    matrix(price, 2, k, "price must be (2, k)");
    const std::vector<T> none(k);
    const Smooth<T> p{none.data(), price.data(), price.data() + k, index_t(k)};
    const Loss kind = loss_of(loss);
    threads = team_for(double(n) * m * k * (k / 2 + 4), threads);
    unlocked([&](Stop stop) {
        parallel_for<T>(n, chunk_of<T>(n, threads, 1024), threads, newton<T>().scratch(k), stop, [&](Range range, T *scratch) {
            newton<T>().solve(X.data(), X.stride(0), X.stride(1), n, m, A.data(), p, kind, {steps, sweeps}, answer.data(), fit.data(), range,
                              scratch);
        });
    });
}

template <class T, class I>
void divergence_sparse(In<T> A, In<I> ptr, In<I> idx, In<T> val, In<T> price, int loss, Out<T> answer, index_t steps, index_t sweeps,
                       Out<double> fit, index_t threads) {
    matrix(A, "A must be (m, k)");
    matrix(answer, "answer must be (n, k)");
    const std::size_t n = answer.shape(0), k = answer.shape(1);
    matrix(A, A.shape(0), k, "A must be (m, k)");
    order(k);
    counts(threads, std::min(steps, sweeps));
    vector(fit, n, "fit must be (n,)");
    const auto b = columns<T, I>(ptr, idx, val.data(), val.size(), n);
    matrix(price, 5, k, "price must be (5, k)");
    const T *r = price.data();
    const Smooth<T> p{r, r + k, r + 2 * k, index_t(k)};
    const PerEntry<T> each{r + 3 * k, r + 4 * k};
    const Loss kind = loss_of(loss);
    unlocked([&](Stop stop) {
        const Padded<T> padded(A, stop);
        for_columns<T>(b, val.size(), A.shape(0), n, small_chunk, threads, newton<T, I>().scratch(k), stop,
                       [&](Range range, Columns<T, I> part, T *scratch) {
                           newton<T, I>().solve(padded.data(), part, p, each, kind, {steps, sweeps}, answer.data(), fit.data(), range, scratch);
                       });
    });
}

void lcp(In<double> M, std::optional<In<double>> inverse, In<double> Q, int method, Out<double> answer, Out<std::uint8_t> failed, index_t threads) {
    matrix(Q, "Q must be (n, k)");
    const std::size_t n = Q.shape(0), k = Q.shape(1);
    order(k);
    counts(threads);
    matrix(M, k, k, "M must be (k, k)");
    if (inverse) matrix(*inverse, k, k, "inverse must be (k, k)");
    matrix(answer, n, k, "X must be (n, k)");
    vector(failed, n, "failed must be (n,)");
    const double *first = inverse ? inverse->data() : nullptr;
    const Method kind = method_of(method);
    unlocked([&](Stop stop) {
        parallel_for<double>(n, chunk_of<double>(n, threads, 1024), threads, table().exact.scratch(k), stop, [&](Range range, double *scratch) {
            table().exact.lcp(M.data(), k, first, Q.data(), kind, answer.data(), failed.data(), range, scratch);
        });
    });
}

// A matrix by columns and by rows, its indices checked now: the arrays are the library's own, and nobody else writes to them.
template <class I> BothOrders<I> both_orders(const In<I> &ptr, const In<I> &idx, const In<float> &val, const In<I> &row_ptr, const In<I> &row_idx, const In<float> &row_val) {
    require(ptr.ndim() == 1 && row_ptr.ndim() == 1 && ptr.size() > 0 && row_ptr.size() > 0, "ptr must be a vector");
    const index_t n = index_t(ptr.size()) - 1, m = index_t(row_ptr.size()) - 1;
    const BothOrders<I> X{columns<float, I>(ptr, idx, val.data(), val.size(), n), columns<float, I>(row_ptr, row_idx, row_val.data(), row_val.size(), m), m, n};
    const auto inside = [](const In<I> &indices, index_t end) {
        return std::all_of(indices.data(), indices.data() + indices.size(), [end](I i) { return i >= 0 && index_t(i) < end; });
    };
    require(inside(idx, m) && inside(row_idx, n), outside);
    return X;
}

void check_places(const std::int32_t *places, std::size_t count, index_t n, const char *what) {
    require(std::all_of(places, places + count, [n](std::int32_t i) { return i < n; }), what);
}

template <class I>
void nearest_columns(In<I> ptr, In<I> idx, In<float> val, In<I> row_ptr, In<I> row_idx, In<float> row_val, In<float> inverse,
                     In<std::int32_t> targets, Out<std::int32_t> nearest, Out<float> products, index_t threads) {
    const auto X = both_orders(ptr, idx, val, row_ptr, row_idx, row_val);
    matrix(nearest, "nearest must be (t, cap)");
    const std::size_t count = nearest.shape(0), cap = nearest.shape(1);
    order(cap);
    counts(threads);
    matrix(products, count, cap, "products must be (t, cap)");
    vector(inverse, X.n, "inverse must be (n,)");
    vector(targets, count, "targets must be (t,)");
    check_places(targets.data(), count, X.n, "targets must lie inside the matrix");
    require(std::all_of(targets.data(), targets.data() + count, [](std::int32_t i) { return i >= 0; }), "targets must not be negative");
    std::fill_n(nearest.data(), count * cap, -1);
    std::fill_n(products.data(), count * cap, 0.0f);
    struct State {
        GramRow<I> row;
        Nearest nearest;
    };
    unlocked([&](Stop stop) {
        share_out(count, small_chunk, threads, stop, [&] { return State{GramRow<I>(X.n), Nearest(cap)}; }, [&](Range range, State &state) { nearest_columns(X, inverse.data(), targets.data(), {nearest.data(), products.data(), index_t(cap)}, range, state.row, state.nearest); });
    });
}

template <class I>
void gram_of_nearest(In<I> ptr, In<I> idx, In<float> val, In<I> row_ptr, In<I> row_idx, In<float> row_val, In<std::int32_t> rows,
                     In<std::int64_t> slot_ptr, In<std::int64_t> slot, In<std::int32_t> nearest, Out<float> G, index_t threads) {
    const auto X = both_orders(ptr, idx, val, row_ptr, row_idx, row_val);
    matrix(nearest, "nearest must be (t, cap)");
    const std::size_t count = nearest.shape(0), cap = nearest.shape(1), r = rows.size();
    order(cap);
    counts(threads);
    require(G.ndim() == 3 && G.shape(0) == count && G.shape(1) == cap && G.shape(2) == cap, "G must be (t, cap, cap)");
    check_places(nearest.data(), count * cap, X.n, "nearest must lie inside the matrix");
    check_places(rows.data(), r, X.n, "rows must lie inside the matrix");
    columns<float, std::int64_t>(slot_ptr, slot, nullptr, slot.size(), r);
    const index_t places = index_t(count * cap);
    require(std::all_of(slot.data(), slot.data() + slot.size(), [places](std::int64_t s) { return s >= 0 && s < places; }), "slot must lie inside nearest");
    require(std::all_of(rows.data(), rows.data() + r, [](std::int32_t i) { return i >= 0; }), "rows must not be negative");
    std::fill_n(G.data(), count * cap * cap, 0.0f);
    unlocked([&](Stop stop) {
        share_out(r, small_chunk, threads, stop, [&] { return GramRow<I>(X.n); }, [&](Range range, GramRow<I> &row) {
            const Lists lists{const_cast<std::int32_t *>(nearest.data()), nullptr, index_t(cap)};
            gram_of_nearest(X, {rows.data(), slot_ptr.data(), slot.data()}, lists, G.data(), range, row); });
    });
}

template <class I>
void gram_of_own_rows(In<I> ptr, In<I> idx, In<float> val, In<I> row_ptr, In<I> row_idx, In<float> row_val, In<std::int32_t> targets,
                      Out<std::int32_t> nearest, Out<float> products, Out<float> G, index_t threads) {
    const auto X = both_orders(ptr, idx, val, row_ptr, row_idx, row_val);
    matrix(nearest, "nearest must be (t, cap)");
    const std::size_t count = nearest.shape(0), cap = nearest.shape(1);
    order(cap);
    counts(threads);
    matrix(products, count, cap, "products must be (t, cap)");
    vector(targets, count, "targets must be (t,)");
    require(G.ndim() == 3 && G.shape(0) == count && G.shape(1) == cap && G.shape(2) == cap, "G must be (t, cap, cap)");
    check_places(nearest.data(), count * cap, X.n, "nearest must lie inside the matrix");
    check_places(targets.data(), count, X.n, "targets must lie inside the matrix");
    require(std::all_of(targets.data(), targets.data() + count, [](std::int32_t i) { return i >= 0; }), "targets must not be negative");
    unlocked([&](Stop stop) {
        share_out(count, small_chunk, threads, stop, [&] { return Local(X.n); }, [&](Range range, Local &local) { gram_of_own_rows(X, targets.data(), {nearest.data(), products.data(), index_t(cap)}, G.data(), range, local); });
    });
}

// How many of a target's places are taken: they come first.
index_t taken(const std::int32_t *near, index_t cap) { return std::find(near, near + cap, -1) - near; }

void descend_own(In<float> G, In<float> products, In<std::int32_t> nearest, double l2, double relative, Out<float> answer,
                 Out<std::uint8_t> failed, index_t threads) {
    matrix(nearest, "nearest must be (t, cap)");
    const std::size_t count = nearest.shape(0), cap = nearest.shape(1);
    order(cap);
    counts(threads);
    require(G.ndim() == 3 && G.shape(0) == count && G.shape(1) == cap && G.shape(2) == cap, "G must be (t, cap, cap)");
    matrix(products, count, cap, "products must be (t, cap)");
    matrix(answer, count, cap, "answer must be (t, cap)");
    vector(failed, count, "failed must be (t,)");
    constexpr float tolerance = 1e-5f;
    unlocked([&](Stop stop) {
        parallel_for<float>(count, small_chunk, threads, dense<float>().descend_own_scratch(cap), stop, [&](Range range, float *scratch) {
            for (index_t t = range.begin; t < range.end && !range.stop(); ++t)
                failed.data()[t] = !dense<float>().descend_own(G.data() + t * cap * cap, cap, taken(nearest.data() + t * cap, cap),
                                                               products.data() + t * cap, float(l2), float(relative), tolerance,
                                                               answer.data() + t * cap, scratch);
        });
    });
}

template <class T, class I>
void masked_lcp(In<double> left, std::optional<In<double>> right, std::optional<In<double>> extra, In<double> base, In<double> ridge,
                In<I> ptr, In<I> idx, In<T> val, Out<double> answer, Out<std::uint8_t> failed, index_t threads) {
    matrix(left, "left must be (m, k)");
    matrix(answer, "answer must be (n, k)");
    const std::size_t n = answer.shape(0), k = answer.shape(1), m = left.shape(0);
    order(k);
    counts(threads);
    matrix(left, m, k, "left must be (m, k)");
    if (right) matrix(*right, m, k, "right must be (m, k)");
    if (extra) matrix(*extra, m, k, "extra must be (m, k)");
    matrix(base, k, k, "base must be (k, k)");
    matrix(ridge, 3, k, "ridge must be (3, k)");
    vector(failed, n, "failed must be (n,)");
    const auto b = columns<T, I>(ptr, idx, val.data(), val.size(), n);
    unlocked([&](Stop stop) {
        const Padded<double> padded_left(left, stop);
        const std::optional<Padded<double>> padded_right = right ? std::make_optional<Padded<double>>(*right, stop) : std::nullopt;
        const double *r = ridge.data(), *other = padded_right ? padded_right->data() : nullptr, *more = extra ? extra->data() : nullptr;
        const Rows rows{padded_left.data(), other, padded_left.row(), more, base.data(), r, r + k, r + 2 * k};
        for_columns<double>(b, val.size(), m, n, small_chunk, threads, table().exact.masked_scratch(k), stop,
                            [&](Range range, Columns<T, I> part, double *scratch) {
                                sparse<T, I>().masked_lcp(rows, k, part, right ? general : symmetric, answer.data(), failed.data(), range, scratch);
                            });
    });
}

template <class T, class I>
void weighted_lcp(In<double> A, In<double> base, In<double> ridge, In<I> ptr, In<I> idx, In<T> val, In<T> weight, Out<double> answer,
                  Out<std::uint8_t> failed, index_t threads) {
    matrix(A, "A must be (m, k)");
    matrix(answer, "answer must be (n, k)");
    const std::size_t n = answer.shape(0), k = answer.shape(1), m = A.shape(0);
    order(k);
    counts(threads);
    matrix(A, m, k, "A must be (m, k)");
    matrix(base, k, k, "base must be (k, k)");
    matrix(ridge, 3, k, "ridge must be (3, k)");
    vector(failed, n, "failed must be (n,)");
    const auto b = weighted_columns<T, I>(ptr, idx, val, weight, n);
    unlocked([&](Stop stop) {
        const Padded<double> padded(A, stop);
        const double *r = ridge.data();
        const Rows rows{padded.data(), nullptr, padded.row(), nullptr, base.data(), r, r + k, r + 2 * k};
        for_columns<double>(b, val.size(), m, n, small_chunk, threads, table().exact.masked_scratch(k), stop,
                            [&](Range range, Columns<T, I> part, double *scratch) {
                                sparse<T, I>().masked_lcp(rows, k, part, symmetric, answer.data(), failed.data(), range, scratch);
                            });
    });
}

// Without threads, and with Python's lock where it is soon over: taking it back may cost more than the work.
double one(AnyOrder<double> A, In<double> b, double l2, double l1, Out<double> answer) {
    const std::size_t m = A.shape(0), k = A.shape(1);
    order(k);
    vector(b, m, "b must be (m,)");
    vector(answer, k, "answer must be (k,)");
    const Strided by{A.data(), A.stride(0), A.stride(1), index_t(m), index_t(k)};
    const auto &exact = table().exact;
    const auto solve = [&] {
        Aligned<double> scratch(exact.one_scratch(k));
        return exact.one(by, b.data(), l2, l1, answer.data(), scratch.data());
    };
    if (double(k) * k * (m + k) < 1e5) return solve();
    double residual = 0;
    unlocked([&](Stop) { residual = solve(); });
    return residual;
}

using Given = nb::ndarray<nb::numpy, double, nb::c_contig>;

// A vector as an array that owns it.
Given array(std::vector<double> &&values, std::initializer_list<std::size_t> shape) {
    auto *kept = new std::vector<double>(std::move(values));
    nb::capsule owner(kept, [](void *p) noexcept { delete static_cast<std::vector<double> *>(p); });
    return Given(kept->data(), shape, owner);
}

nb::tuple follow(In<double> F, In<double> f, In<double> z, In<double> B, In<double> c, double longest, double scale, double tolerance,
                 Out<double> end, Out<std::uint8_t> crossed, Out<double> scratch) {
    matrix(B, "B must be (q, n)");
    const std::size_t n = z.size(), q = B.shape(0);
    vector(z, n, "z must be (n,)");
    matrix(F, n, n, "F must be (n, n)");
    vector(f, n, "f must be (n,)");
    matrix(B, q, n, "B must be (q, n)");
    vector(c, q, "c must be (q,)");
    vector(end, n, "end must be (n,)");
    vector(crossed, q, "crossed must be (q,)");
    require(index_t(scratch.size()) >= table().follow_scratch(n, q), "scratch must be as large as follow_scratch says");
    struct Kept {
        std::size_t n;
        std::vector<double> times, states;
    } kept{n, {}, {}};
    kept.times.reserve(32), kept.states.reserve(32 * 3 * n);
    const Sink sink{[](void *to, double time, const double *knot, index_t row) {
                        auto &k = *static_cast<Kept *>(to);
                        k.times.push_back(time);
                        for (int r = 0; r < 3; ++r) k.states.insert(k.states.end(), knot + r * row, knot + r * row + k.n);
                    },
                    &kept};
    Outcome outcome;
    unlocked([&](Stop stop) {
        const Motion m{F.data(), f.data(), z.data(), B.data(), c.data(), index_t(n), index_t(q), longest, scale, tolerance, stop};
        outcome = table().follow(m, end.data(), crossed.data(), sink, scratch.data());
    });
    const std::size_t count = kept.times.size();
    return nb::make_tuple(array(std::move(kept.times), {count}), array(std::move(kept.states), {count, 3, n}), int(outcome));
}

void between(In<double> times, In<double> states, In<double> wanted, Out<double> out) {
    require(states.ndim() == 3 && states.shape(0) > 0 && states.shape(1) == 3, "states must be (p, 3, n), p > 0");
    const std::size_t p = states.shape(0), n = states.shape(2), count = wanted.size();
    vector(times, p, "times must be (p,)");
    vector(wanted, count, "wanted must be (t,)");
    matrix(out, count, n, "out must be (t, n)");
    unlocked([&](Stop stop) {
        parallel_for<double>(count, 4096, 1, 0, stop, [&](Range range, double *) {
            table().between({times.data(), states.data(), index_t(p), index_t(n)}, wanted.data() + range.begin,
                            range.end - range.begin, out.data() + range.begin * n);
        });
    });
}

constexpr index_t rows_of_groups = 8; // that one thread does at once

// Sums and counts of what groups of like patches make of noise: even bands first, then odd ones, which no two threads share.
void mix_alike(In<float> noisy, In<float> estimate, In<std::int16_t> levels, index_t step, index_t radius, index_t members, double ridge,
               double other_ridge, bool first, Out<float> sums, Out<float> counts, index_t threads) {
    require(noisy.ndim() == 3 && noisy.shape(1) >= 8 && noisy.shape(2) >= 8, "noisy must be (channels, rows, columns), at least 8 x 8");
    const std::size_t channels = noisy.shape(0), rows = noisy.shape(1), columns = noisy.shape(2);
    require(same_shape(estimate, noisy), "estimate must have the shape of noisy");
    require(same_shape(sums, noisy), "sums must have the shape of noisy");
    matrix(levels, rows, columns, "levels must be (rows, columns)");
    matrix(counts, rows, columns, "counts must be (rows, columns)");
    mho::counts(threads);
    require(members >= 1 && members <= 32, "members must be from 1 to 32");
    require(step >= 1 && step <= 1 << 20, "step must be from 1 to 2^20");
    require(radius >= 0 && radius <= rows_of_groups * step / 2 - 4, "radius must be from 0 to 4 step - 4");
    const index_t groups = (index_t(rows) - 8 + step - 1) / step + 1, bands = (groups + rows_of_groups - 1) / rows_of_groups;
    unlocked([&](Stop stop) {
        for (index_t parity = 0; parity < 2; ++parity) {
            const Alike of{noisy.data(), estimate.data(), levels.data(), index_t(channels), index_t(rows), index_t(columns), step, radius, members, rows_of_groups, parity, {float(ridge), float(other_ridge)}, first, sums.data(), counts.data()};
            parallel_for<float>((bands + 1 - parity) / 2, 1, threads, table().alike_scratch(), stop,
                                [&](Range range, float *scratch) { table().mix_alike(of, range, scratch); });
        }
    });
}

template <class T> constexpr bool optional = false;
template <class T> constexpr bool optional<std::optional<T>> = true;

template <class T> auto argument() {
    if constexpr (optional<T>)
        return nb::arg().noconvert().none();
    else
        return nb::arg().noconvert();
}

// Arguments by position: the kernels' own names are in _core.pyi. No argument is converted, so nothing is copied unseen.
template <class R, class... Arguments> void define_exactly(nb::module_ &m, const char *name, R (*f)(Arguments...)) {
    m.def(name, f, argument<Arguments>()...);
}

template <class T, class I> void define_sparse(nb::module_ &m) {
    define_exactly(m, "cross", &cross<T, I>);
    define_exactly(m, "sddmm", &sddmm<T, I>);
    define_exactly(m, "csc_to_csr", &csc_to_csr<T, I>);
    define_exactly(m, "sweep_sparse", &sweep_sparse<T, I>);
    define_exactly(m, "masked_sweep", &masked_sweep<T, I>);
    define_exactly(m, "weighted_sweep", &weighted_sweep<T, I>);
    define_exactly(m, "weighted_lcp", &weighted_lcp<T, I>);
    define_exactly(m, "divergence_sparse", &divergence_sparse<T, I>);
    define_exactly(m, "masked_lcp", &masked_lcp<T, I>);
}

template <class I> void define_nearest(nb::module_ &m) {
    define_exactly(m, "nearest_columns", &nearest_columns<I>);
    define_exactly(m, "gram_of_nearest", &gram_of_nearest<I>);
    define_exactly(m, "gram_of_own_rows", &gram_of_own_rows<I>);
}

template <class T> void define(nb::module_ &m) {
    define_exactly(m, "gram", &gram<T>);
    define_exactly(m, "array_stats", &array_stats<T>);
    define_exactly(m, "sweep", &sweep<T>);
    define_exactly(m, "sweep_rows", &sweep_rows<T>);
    define_exactly(m, "sweep_columns", &sweep_columns<T>);
    define_exactly(m, "divergence_dense", &divergence_dense<T>);
    define_exactly(m, "products_of_rows", &products_of_rows<T>);
    define_exactly(m, "products_of_columns", &products_of_columns<T>);
    define_sparse<T, std::int32_t>(m);
    define_sparse<T, std::int64_t>(m);
}

} // namespace
} // namespace mho

NB_MODULE(_core, m) {
    mho::bind_pictures(m);
    m.def("isa", [] { return std::string(mho::table().name); });
    mho::define_exactly(m, "lcp", &mho::lcp);
    mho::define_exactly(m, "one", &mho::one);
    m.def("follow_scratch", [](mho::index_t n, mho::index_t q) { return mho::table().follow_scratch(n, q); });
    mho::define_exactly(m, "follow", &mho::follow);
    mho::define_exactly(m, "between", &mho::between);
    mho::define_exactly(m, "mix_alike", &mho::mix_alike);
    mho::define_exactly(m, "descend_own", &mho::descend_own);
    mho::define_nearest<std::int32_t>(m);
    mho::define_nearest<std::int64_t>(m);
    mho::define<float>(m);
    mho::define<double>(m);
}
