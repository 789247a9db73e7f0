
/* All that is remembered between two rows; begin with monitor_reset. */
typedef struct {
  double window[W * C], last[C], center[G][C], total[G][C], count[G][C], features[2][C];
  monitor_work work;
  int32_t run[C], next, at;
} monitor_state;

static void monitor_reset(monitor_state *s) {
  memset(s, 0, sizeof *s);
  for (int i = 0; i < W * C; i++) s->window[i] = NAN;
  for (int j = 0; j < C; j++) s->last[j] = NAN;
  memcpy(s->center, START, sizeof s->center);
}

/* Return a sample, NAN if its channel has been constant for too long. */
static double monitor_sound(monitor_state *s, int channel, double sample) {
  s->run[channel] = sample != s->last[channel] ? 1 : s->run[channel] + (s->run[channel] < INT32_MAX);
  if (!isnan(sample)) s->last[channel] = sample;
  return s->run[channel] > FLAT_AFTER[channel] ? NAN : sample;
}

/* Mean and logarithm of the spread of a channel's window, NAN if too little is known. */
static void monitor_level(monitor_state *s, int channel) {
  double sum = 0.0, square = 0.0;
  int count = 0;
  for (int i = 0; i < W; i++) {
    double v = s->window[i * C + channel];
    if (!isnan(v)) { sum += v; count++; }
  }
  double mean = count >= KNOWN ? sum / count : NAN;
  for (int i = 0; i < W; i++) {
    double v = s->window[i * C + channel] - mean;
    if (!isnan(v)) square += v * v;
  }
  s->features[0][channel] = mean;
  s->features[1][channel] = isnan(mean) ? NAN : log(sqrt(square / count) + QUIET[channel]);
}

/* Gather a window, the more the healthier it is; at the end of a block the centres follow. */
static void monitor_adapt(monitor_state *s, double joint) {
  double weight = (joint - LOG_LIMIT) / (LOG_GATE - LOG_LIMIT);
  weight = isnan(joint) || weight < 0.0 ? 0.0 : weight > 1.0 ? 1.0 : weight;
  s->at = (s->at + 1) % BLOCK;
  for (int n = 0; n < G; n++) {
    for (int j = 0; j < C && ADAPTS[n]; j++) {
      double mean = s->features[0][j];
      if (!isnan(mean)) { s->total[n][j] += weight * mean; s->count[n][j] += weight; }
      if (s->at) continue;
      if (s->count[n][j] > 0.0)
        s->center[n][j] += (1.0 - pow(KEEP, s->count[n][j])) * (s->total[n][j] / s->count[n][j] - s->center[n][j]);
      s->total[n][j] = s->count[n][j] = 0.0;
    }
  }
}

/* Take in one row of C samples, NAN where missing; return the logarithm of the probability, NAN without a score. */
static double monitor_row(monitor_state *s, const double *row) {
  const double *features[2] = {s->features[0], s->features[1]}, *centers[G];
  for (int j = 0; j < C; j++) {
    s->window[s->next * C + j] = monitor_sound(s, j, row[j]);
    monitor_level(s, j);
  }
  for (int n = 0; n < G; n++) centers[n] = s->center[n];
  s->next = (s->next + 1) % W;
  double joint = monitor_joint(features, centers, &s->work);
  if (KEEP < 1.0) monitor_adapt(s, joint);
  return joint;
}
