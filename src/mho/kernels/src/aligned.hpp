// Memory for vectors: it begins where a cache line does, since a vector that straddles two costs twice; what is large
// begins where a huge page may, since reading rows here and there would else wait for the table of pages.
#pragma once
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#ifdef __linux__
#include <sys/mman.h>
#endif
#ifdef _WIN32
#include <malloc.h>
#endif

namespace mho {

constexpr std::size_t cache_line = 64, huge_page = std::size_t(1) << 21;

inline void *allocate_aligned(std::size_t unit, std::size_t bytes) {
#ifdef _WIN32
    return _aligned_malloc(bytes, unit);
#else
    return std::aligned_alloc(unit, bytes);
#endif
}

inline void free_aligned(void *memory) {
#ifdef _WIN32
    _aligned_free(memory);
#else
    std::free(memory);
#endif
}

// Zeros.
template <class T> class Aligned {
public:
    explicit Aligned(std::size_t size) {
        if (size > std::size_t(-1) / 4 / sizeof(T)) throw std::bad_alloc(); // more than there are addresses
        const std::size_t wanted = size * sizeof(T), unit = wanted < 2 * huge_page ? cache_line : huge_page;
        const std::size_t bytes = (wanted / unit + 1) * unit;
        void *memory = allocate_aligned(unit, bytes);
        if (!memory) throw std::bad_alloc();
        owner_.reset(static_cast<T *>(memory));
#ifdef MADV_HUGEPAGE
        if (unit == huge_page) madvise(memory, bytes, MADV_HUGEPAGE);
#endif
        std::memset(memory, 0, bytes);
    }
    T *data() { return owner_.get(); }

private:
    struct Free {
        void operator()(T *memory) const { free_aligned(memory); }
    };
    std::unique_ptr<T[], Free> owner_;
};

} // namespace mho
