/*
 * The loops that dev.orbifold.bench.FusedUpdates runs Java's against: SGD with momentum on plain weights, and on two or three
 * factors of every weight given the gradient of their product, in one pass (theory, 2). Element i of factor d lies at
 * d * stride + i. bench/fused compiles this; every range [from, to) is called by a thread of its own.
 */
#include <stdint.h>

static inline float size(float x) {
    return x < 0 ? -x : x;
}

static inline float larger(float x, float y) {
    return x > y ? x : y;
}

void plain(float *restrict w, const float *restrict g, float *restrict m, int64_t from, int64_t to, float rate,
           float momentum, float decay, float scale) {
#pragma GCC ivdep
    for (int64_t i = from; i < to; i++) {
        float h = scale * g[i] + decay * w[i];
        float next = momentum * m[i] + h;
        m[i] = next;
        w[i] -= rate * next;
    }
}

void two(const float *restrict g, float *restrict w, float *factors, float *momenta, int64_t stride, int64_t from,
         int64_t to, float rate, float momentum, float decay, float scale, float zero) {
    float *restrict a = factors, *restrict b = factors + stride;
    float *restrict p = momenta, *restrict q = momenta + stride;
#pragma GCC ivdep
    for (int64_t i = from; i < to; i++) {
        float h = scale * g[i];
        float a0 = a[i], b0 = b[i];
        float p1 = momentum * p[i] + (h * b0 + decay * a0);
        float q1 = momentum * q[i] + (h * a0 + decay * b0);
        float a1 = a0 - rate * p1;
        float b1 = b0 - rate * q1;
        /* All factors that small: gone, and their momenta with them. */
        int gone = larger(size(a1), size(b1)) < zero;
        a[i] = gone ? 0 : a1;
        b[i] = gone ? 0 : b1;
        p[i] = gone ? 0 : p1;
        q[i] = gone ? 0 : q1;
        w[i] = gone ? 0 : a1 * b1;
    }
}

void three(const float *restrict g, float *restrict w, float *factors, float *momenta, int64_t stride, int64_t from,
           int64_t to, float rate, float momentum, float decay, float scale, float zero) {
    float *restrict a = factors, *restrict b = factors + stride, *restrict c = factors + 2 * stride;
    float *restrict p = momenta, *restrict q = momenta + stride, *restrict r = momenta + 2 * stride;
#pragma GCC ivdep
    for (int64_t i = from; i < to; i++) {
        float h = scale * g[i];
        float a0 = a[i], b0 = b[i], c0 = c[i];
        float p1 = momentum * p[i] + (h * (b0 * c0) + decay * a0);
        float q1 = momentum * q[i] + (h * (a0 * c0) + decay * b0);
        float r1 = momentum * r[i] + (h * (a0 * b0) + decay * c0);
        float a1 = a0 - rate * p1;
        float b1 = b0 - rate * q1;
        float c1 = c0 - rate * r1;
        int gone = larger(larger(size(a1), size(b1)), size(c1)) < zero;
        a[i] = gone ? 0 : a1;
        b[i] = gone ? 0 : b1;
        c[i] = gone ? 0 : c1;
        p[i] = gone ? 0 : p1;
        q[i] = gone ? 0 : q1;
        r[i] = gone ? 0 : r1;
        w[i] = gone ? 0 : a1 * b1 * c1;
    }
}
