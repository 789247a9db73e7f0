
typedef struct { float re, im; } monitor_complex;

/* exp(-2 pi i j / n) for j = 64 a + b is high[a] times low[b]. */
typedef struct { int n; const float *low, *high; } monitor_circle;

/* A band: first line, lines, lines over which it rises, samples of its margin, magnitudes averaged to one. */
typedef struct {
  int first, width, edge, margin, averaged, envelope;
  const float *rise;
  monitor_circle circle;
} monitor_band;

$circles

/* Run of an extreme value in a hop: at its beginning, at its end, the longest. */
typedef struct { float value; int32_t first, last, longest; } monitor_run;

enum { MONITOR_OK, MONITOR_MISSING, MONITOR_FLAT, MONITOR_CLIPPED };

/* All that is remembered between two samples; begin with monitor_reset. */
typedef struct {
  double square[HOPS][BANDS], fourth[HOPS][BANDS], power[HOPS][LINES], spectra[SMOOTHED][LINES];
  double envelope[ENVELOPE], kurtosis[BANDS], level[BANDS], spectrum[LINES];
  double log_p;                                     /* of the latest window; NAN without a score */
  monitor_work work;
  float samples[SAMPLES];
  monitor_complex lines[SAMPLES / 2], room[2][LONGEST];
  float magnitude[ENVELOPES][HOPS * MAGNITUDES];
  monitor_run low[HOPS], high[HOPS];
  int32_t unknown[HOPS], held, hops, smoothed, state; /* state: of the sensor in the latest window */
} monitor_state;

static void monitor_reset(monitor_state *s) {
  memset(s, 0, sizeof *s);
  s->log_p = NAN;
}

static monitor_complex monitor_times(monitor_complex a, monitor_complex b) {
  monitor_complex c = {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
  return c;
}

static monitor_complex monitor_turn(const monitor_circle *c, int j) {
  monitor_complex low = {c->low[2 * (j % 64)], c->low[2 * (j % 64) + 1]};
  monitor_complex high = {c->high[2 * (j / 64)], c->high[2 * (j / 64) + 1]};
  return monitor_times(low, high);
}

static int monitor_radix(int n) {
  static const int radices[] = {4, 2, 3, 5, 7, 11};
  for (int i = 0; i < 6; i++)
    if (n % radices[i] == 0) return radices[i];
  return n;
}

static void monitor_four(const monitor_complex *x, int from, monitor_complex *y, int to, const monitor_complex *turns) {
  monitor_complex a = x[0], b = x[from], c = x[2 * from], d = x[3 * from];
  monitor_complex ac = {a.re + c.re, a.im + c.im}, bd = {b.re + d.re, b.im + d.im};
  monitor_complex left = {a.re - c.re, a.im - c.im}, right = {b.im - d.im, d.re - b.re};
  monitor_complex one = {left.re + right.re, left.im + right.im}, two = {ac.re - bd.re, ac.im - bd.im};
  monitor_complex three = {left.re - right.re, left.im - right.im};
  y[0].re = ac.re + bd.re;
  y[0].im = ac.im + bd.im;
  y[to] = monitor_times(one, turns[1]);
  y[2 * to] = monitor_times(two, turns[2]);
  y[3 * to] = monitor_times(three, turns[3]);
}

static void monitor_butterfly(int radix, const monitor_complex *roots, const monitor_complex *turns,
                              const monitor_complex *x, int from, monitor_complex *y, int to) {
  for (int b = 0; b < radix; b++) {
    monitor_complex sum = x[0];
    for (int a = 1; a < radix; a++) {
      monitor_complex one = monitor_times(x[a * from], roots[a * b % radix]);
      sum.re += one.re;
      sum.im += one.im;
    }
    y[b * to] = b ? monitor_times(sum, turns[b]) : sum;
  }
}

/* Fourier transform of n numbers, Stockham's, of radices 4, 2, 3, 5, 7 and 11; x and y are overwritten. Return which
   of them holds it. n divides the circle. */
static monitor_complex *monitor_fft(const monitor_circle *circle, int n, monitor_complex *x, monitor_complex *y) {
  int every = circle->n / n;
  for (int left = n, stride = 1; left > 1;) {
    int radix = monitor_radix(left), m = left / radix;
    monitor_complex roots[11], turns[11], *swap = x;
    for (int a = 0; a < radix; a++) roots[a] = monitor_turn(circle, every * (n / radix) * a);
    for (int q = 0; q < m; q++) {
      for (int b = 0; b < radix; b++) turns[b] = monitor_turn(circle, every * stride * q * b);
      for (int t = 0; t < stride; t++) {
        const monitor_complex *from = x + t + stride * q;
        monitor_complex *to = y + t + stride * radix * q;
        if (radix == 4) monitor_four(from, stride * m, to, stride, turns);
        else monitor_butterfly(radix, roots, turns, from, stride * m, to, stride);
      }
    }
    x = y;
    y = swap;
    left = m;
    stride *= radix;
  }
  return x;
}

/* A line of n real numbers' transform, from that of their pairs as n / 2 complex ones. */
static monitor_complex monitor_line(const monitor_circle *circle, const monitor_complex *pairs, int line) {
  int half = circle->n / 2;
  monitor_complex a = pairs[line % half], b = pairs[(half - line) % half];
  monitor_complex even = {(a.re + b.re) / 2, (a.im - b.im) / 2}, odd = {(a.im + b.im) / 2, (b.re - a.re) / 2};
  monitor_complex turned = monitor_times(odd, monitor_turn(circle, line));
  even.re += turned.re;
  even.im += turned.im;
  return even;
}

static float monitor_power(monitor_complex a) { return a.re * a.re + a.im * a.im; }

/* The block's samples, as pairs, with straight lines where some are missing. */
static void monitor_pairs(const float *samples, monitor_complex *pairs) {
  int last = -1;
  for (int i = 0; i < SAMPLES; i++) {
    float v = samples[i];
    if (isnan(v)) {
      int next = i;
      while (next < SAMPLES && isnan(samples[next])) next++;
      if (next == SAMPLES) v = last < 0 ? 0.0f : samples[last];
      else if (last < 0) v = samples[next];
      else v = (float)(samples[last] + ((double)samples[next] - samples[last]) * (i - last) / (next - last));
    } else {
      last = i;
    }
    if (i % 2) pairs[i / 2].im = v; else pairs[i / 2].re = v;
  }
}

/* Extreme value of a hop, the highest if sign is 1, and its runs; samples missing between two of a run are of it. */
static monitor_run monitor_extreme(const float *hop, float sign) {
  monitor_run r = {-sign * INFINITY, 0, 0, 0};
  int run = 0, missing = 0, begin = 0;
  for (int i = 0; i < HOP; i++)
    if (sign * hop[i] > sign * r.value) r.value = hop[i];
  for (int i = 0; i < HOP; i++) {
    if (isnan(hop[i])) { missing++; continue; }
    if (hop[i] != r.value) run = 0;
    else if (run) run += missing + 1;
    else { run = 1; begin = i; }
    missing = 0;
    if (run > r.longest) r.longest = run;
    if (run && begin == 0) r.first = run;
  }
  r.last = missing ? 0 : run;
  return r;
}

/* Longest run of the window's extreme value. */
static int monitor_longest(const monitor_run *runs, float value) {
  int run = 0, longest = 0;
  for (int i = 0; i < HOPS; i++) {
    if (runs[i].value != value) { run = 0; continue; }
    if (run + runs[i].first > longest) longest = run + runs[i].first;
    if (runs[i].longest > longest) longest = runs[i].longest;
    run = runs[i].first == HOP ? run + HOP : runs[i].last;
  }
  return longest;
}

static int monitor_sensor(const monitor_state *s) {
  float low = s->low[0].value, high = s->high[0].value;
  int unknown = 0;
  for (int i = 0; i < HOPS; i++) {
    unknown += s->unknown[i];
    if (s->low[i].value < low) low = s->low[i].value;
    if (s->high[i].value > high) high = s->high[i].value;
  }
  if (unknown > MOST_GUESSED) return MONITOR_MISSING;
  if (low == high) return MONITOR_FLAT;
  int longest = monitor_longest(s->low, low), other = monitor_longest(s->high, high);
  return (longest > other ? longest : other) > MOST_CLIPPED ? MONITOR_CLIPPED : MONITOR_OK;
}

/* Filter the latest hop by a band: mean square, mean fourth power, and magnitudes. */
static void monitor_filter(monitor_state *s, int number) {
  const monitor_band *band = &FILTERS[number];
  int n = IN_BLOCK * band->margin, count = IN_HOP * band->margin;
  memset(s->room[0], 0, sizeof(monitor_complex) * (size_t)n);
  for (int i = 0; i < band->width; i++) {
    float gain = i < band->edge ? band->rise[i] : i >= band->width - band->edge ? band->rise[band->width - 1 - i] : GAIN;
    monitor_complex line = monitor_line(&BLOCK_CIRCLE, s->lines, band->first + i);
    s->room[0][i].re = gain * line.re;
    s->room[0][i].im = gain * line.im;
  }
  const monitor_complex *signal = monitor_fft(&band->circle, n, s->room[0], s->room[1]);
  double square = 0.0, fourth = 0.0;
  for (int i = 0; i < count; i++) {           /* the forward transform is the inverse one backwards */
    double power = monitor_power(signal[n - band->margin - i]);
    square += power;
    fourth += power * power;
  }
  s->square[HOPS - 1][number] = square / count;
  s->fourth[HOPS - 1][number] = fourth / count;
  if (!band->envelope) return;
  float *out = s->magnitude[number] + (HOPS - 1) * (count / band->averaged);
  for (int i = 0; i < count / band->averaged; i++) {
    float means[8];
    for (int j = 0; j < band->averaged; j++)
      means[j] = sqrtf(monitor_power(signal[n - band->margin - i * band->averaged - j]));
    for (int left = band->averaged / 2; left; left /= 2)
      for (int j = 0; j < left; j++) means[j] = 0.5f * (means[2 * j] + means[2 * j + 1]);
    out[i] = means[0];
  }
}

/* Amplitudes of a band's magnitudes in a window over their deviation, the larger of each two lines. */
static void monitor_envelope(monitor_state *s, int number, double *out) {
  const monitor_circle *circle = &WINDOW_CIRCLES[number];
  const float *magnitude = s->magnitude[number];
  int n = circle->n;
  double mean = 0.0, square = 0.0;
  for (int i = 0; i < n; i++) mean += magnitude[i];
  mean /= n;
  for (int i = 0; i < n; i++) {
    float swing = (float)(magnitude[i] - mean);
    float half = sinf((float)(PI / (n - 1)) * (float)(2 * i < n ? i : n - 1 - i));
    square += (double)swing * swing;
    if (i % 2) s->room[0][i / 2].im = swing * half * half; else s->room[0][i / 2].re = swing * half * half;
  }
  const monitor_complex *pairs = monitor_fft(circle, n / 2, s->room[0], s->room[1]);
  float scale = (float)(sqrt(square) + 1e-36);
  for (int i = 0; i < ENVELOPE / ENVELOPES; i++) {
    float one = monitor_power(monitor_line(circle, pairs, FIRST_LINE + 2 * i));
    float two = monitor_power(monitor_line(circle, pairs, FIRST_LINE + 2 * i + 1));
    out[i] = sqrtf(one > two ? one : two) / scale;
  }
}

static void monitor_spectrum(monitor_state *s) {
  const int *edges = SPECTRUM_EDGES;
  for (int d = 0; d < LINES; d++) {
    double sum = 0.0;
    for (int line = edges[d]; line < edges[d + 1]; line++)
      sum += monitor_power(monitor_line(&BLOCK_CIRCLE, s->lines, line));
    s->power[HOPS - 1][d] = sum;
  }
}

/* Running means of the spectra of windows that have a score, free of the level; NAN until there are enough. */
static void monitor_smooth(monitor_state *s) {
  double whole = 0.0, *newest = s->spectra[s->smoothed % SMOOTHED];
  for (int d = 0; d < LINES; d++) {
    double power = 0.0;
    for (int i = 0; i < HOPS; i++) power += s->power[i][d];
    newest[d] = 0.5 * log(power / HOPS / (SPECTRUM_EDGES[d + 1] - SPECTRUM_EDGES[d]) + 1e-300);
  }
  s->smoothed++;
  if (s->smoothed == 2 * SMOOTHED) s->smoothed = SMOOTHED;
  for (int d = 0; d < LINES; d++) {
    double sum = 0.0;
    for (int i = 0; i < SMOOTHED; i++) sum += s->spectra[i][d];
    s->spectrum[d] = s->smoothed < SMOOTHED ? NAN : sum / SMOOTHED;
    whole += s->spectrum[d];
  }
  for (int d = 0; d < LINES; d++) s->spectrum[d] -= whole / LINES;
}

static void monitor_window(monitor_state *s) {
  const double *features[] = {s->envelope, s->kurtosis, s->level, s->spectrum}, *centers[G];
  for (int n = 0; n < G; n++) centers[n] = GROUPS[n].center;
  s->state = monitor_sensor(s);
  s->log_p = NAN;
  if (s->state != MONITOR_OK) return;
  for (int band = 0; band < BANDS; band++) {
    double square = 0.0, fourth = 0.0;
    for (int i = 0; i < HOPS; i++) { square += s->square[i][band] / HOPS; fourth += s->fourth[i][band] / HOPS; }
    s->kurtosis[band] = log(fourth / fmax(square * square, 1e-300) + 1e-300);
    s->level[band] = 0.5 * log(square + 1e-300);
  }
  for (int n = 0; n < ENVELOPES && HAS_ENVELOPE; n++) monitor_envelope(s, n, s->envelope + n * (ENVELOPE / ENVELOPES));
  if (HAS_SPECTRUM) monitor_smooth(s);
  s->log_p = monitor_joint(features, centers, &s->work);
}

/* Make room for a hop. */
static void monitor_shift(monitor_state *s) {
  int more = HOPS - 1;
  memmove(s->square[0], s->square[1], sizeof s->square[0] * (size_t)more);
  memmove(s->fourth[0], s->fourth[1], sizeof s->fourth[0] * (size_t)more);
  memmove(s->power[0], s->power[1], sizeof s->power[0] * (size_t)more);
  memmove(s->low, s->low + 1, sizeof s->low[0] * (size_t)more);
  memmove(s->high, s->high + 1, sizeof s->high[0] * (size_t)more);
  memmove(s->unknown, s->unknown + 1, sizeof s->unknown[0] * (size_t)more);
  for (int n = 0; n < ENVELOPES; n++) {
    int hop = IN_HOP * FILTERS[n].margin / FILTERS[n].averaged;
    memmove(s->magnitude[n], s->magnitude[n] + hop, sizeof(float) * (size_t)(more * hop));
  }
}

static void monitor_hop(monitor_state *s) {
  const float *hop = s->samples + MARGIN;
  monitor_shift(s);
  s->low[HOPS - 1] = monitor_extreme(hop, -1.0f);
  s->high[HOPS - 1] = monitor_extreme(hop, 1.0f);
  s->unknown[HOPS - 1] = 0;
  for (int i = 0; i < HOP; i++) s->unknown[HOPS - 1] += isnan(hop[i]) != 0;
  monitor_pairs(s->samples, s->room[0]);
  const monitor_complex *lines = monitor_fft(&BLOCK_CIRCLE, SAMPLES / 2, s->room[0], s->room[1]);
  memcpy(s->lines, lines, sizeof s->lines);
  for (int band = 0; band < BANDS; band++) monitor_filter(s, band);
  if (HAS_SPECTRUM) monitor_spectrum(s);
}

/* Take in one sample, NAN where it is missing; return 1 if a window ends with it, whose logarithm of the probability is
   then in log_p, and what its sensor is in, in state. After a gap begin again with monitor_reset. */
static int monitor_sample(monitor_state *s, float sample) {
  s->samples[s->held++] = (float)(sample / UNIT);
  if (s->held < SAMPLES) return 0;
  monitor_hop(s);
  s->held = SAMPLES - HOP;
  memmove(s->samples, s->samples + HOP, sizeof(float) * (size_t)s->held);
  if (s->hops < HOPS) s->hops++;
  if (s->hops < HOPS) return 0;
  monitor_window(s);
  return 1;
}
