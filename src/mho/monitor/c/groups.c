
/* A feature group: what it learned, and the tail of its healthy scores. */
typedef struct {
  int takes, features, entries, components, width;      /* features it takes: their number in a window's list */
  int two_sided, codes, largest, adjacent;              /* how it is coded and scored */
  const double *center, *scale, *factors, *gram, *mean, *spread, *scores;
  int count;
  double threshold, log_share, tail_scale, independent;
} monitor_group;

$groups

/* Room for one group's solve. */
typedef struct {
  double x[MOST_ENTRIES], left[MOST_WIDTH];
  double gram[MOST_K * MOST_K], lower[MOST_K * MOST_K], b[MOST_K], h[MOST_K], z[MOST_K];
  int32_t passive[MOST_K];
} monitor_work;

/* Solve gram z = b over the passive components, by Cholesky's factors. */
static void monitor_passive(monitor_work *w, int k) {
  for (int p = 0; p < k; p++) {
    double sum = w->b[p];
    for (int q = 0; q <= p && w->passive[p]; q++) {
      if (!w->passive[q]) continue;
      double dot = w->gram[p * k + q];
      for (int r = 0; r < q; r++)
        if (w->passive[r]) dot -= w->lower[p * k + r] * w->lower[q * k + r];
      w->lower[p * k + q] = p == q ? sqrt(dot) : dot / w->lower[q * k + q];
      if (q < p) sum -= w->lower[p * k + q] * w->z[q];
    }
    w->z[p] = w->passive[p] ? sum / w->lower[p * k + p] : 0.0;
  }
  for (int p = k - 1; p >= 0; p--) {
    if (!w->passive[p]) continue;
    for (int q = p + 1; q < k; q++)
      if (w->passive[q]) w->z[p] -= w->lower[q * k + p] * w->z[q];
    w->z[p] /= w->lower[p * k + p];
  }
}

/* Non-negative least squares from gram and b: Lawson and Hanson's active sets. */
static void monitor_solve(monitor_work *w, int k) {
  double scale = 0.0;
  for (int p = 0; p < k; p++) {
    w->h[p] = 0.0;
    w->passive[p] = 0;
    if (fabs(w->b[p]) > scale) scale = fabs(w->b[p]);
  }
  for (int round = 0; round < 3 * k; round++) {
    int enters = -1;
    double most = 1e-13 * scale;
    for (int p = 0; p < k; p++) {
      double gradient = w->b[p];
      for (int q = 0; q < k; q++) gradient -= w->gram[p * k + q] * w->h[q];
      if (!w->passive[p] && gradient > most) { most = gradient; enters = p; }
    }
    if (enters < 0) return;
    w->passive[enters] = 1;
    for (int leaves = enters; leaves >= 0;) {
      double step = 1.0;
      leaves = -1;
      monitor_passive(w, k);
      for (int p = 0; p < k; p++) {
        if (!w->passive[p] || w->z[p] > 0.0) continue;
        double share = w->h[p] / (w->h[p] - w->z[p]);
        if (leaves < 0 || share < step) { step = share; leaves = p; }
      }
      for (int p = 0; p < k; p++) w->h[p] += step * (w->z[p] - w->h[p]);
      if (leaves >= 0) { w->h[leaves] = 0.0; w->passive[leaves] = 0; }
    }
  }
}

/* Codes h of the known entries of x. */
static void monitor_codes(const monitor_group *g, monitor_work *w) {
  int k = g->components;
  memcpy(w->gram, g->gram, sizeof(double) * (size_t)(k * k));
  for (int p = 0; p < k; p++) w->b[p] = 0.0;
  for (int i = 0; i < g->entries; i++) {
    const double *row = g->factors + i * k;
    for (int p = 0; p < k; p++) {
      if (!isnan(w->x[i])) { w->b[p] += row[p] * w->x[i]; continue; }
      for (int q = 0; q < k; q++) w->gram[p * k + q] -= row[p] * row[q];
    }
  }
  monitor_solve(w, k);
}

/* Whitened residual of features about a centre; zero where not known. Return the number of known entries. */
static int monitor_residual(const monitor_group *g, const double *features, const double *center, monitor_work *w) {
  int known = 0, d = g->features, k = g->components;
  for (int i = 0; i < d; i++) {
    double z = (features[i] - center[i]) / g->scale[i];
    w->x[i] = k == 0 ? z : g->two_sided ? fmax(4.0 + z, 0.0) : features[i] / g->scale[i];
    if (isnan(z)) w->x[i] = NAN;
    if (k && g->two_sided) w->x[d + i] = isnan(z) ? NAN : fmax(4.0 - z, 0.0);
    known += !isnan(z);
  }
  if (k && known) monitor_codes(g, w);
  for (int i = 0; i < g->width; i++) {
    double left = g->codes ? w->h[i] : w->x[i];
    for (int p = 0; p < k && !g->codes; p++) left -= g->factors[i * k + p] * w->h[p];
    if (k) left = (left - g->mean[i]) / g->spread[i];
    w->left[i] = isnan(left) ? 0.0 : left;
  }
  return known;
}

/* Mean of the largest entries. */
static double monitor_largest(const double *left, int width, int largest) {
  double top[MOST_LARGEST] = {0.0}, sum = 0.0;
  int held = 0;
  for (int i = 0; i < width; i++) {
    if (held == largest && left[i] <= top[held - 1]) continue;
    int at = held < largest ? held++ : held - 1;
    for (; at > 0 && top[at - 1] < left[i]; at--) top[at] = top[at - 1];
    top[at] = left[i];
  }
  for (int i = 0; i < held; i++) sum += top[i];
  return sum / held;
}

static double monitor_score(const monitor_group *g, const double *left) {
  double score = g->components ? 0.0 : -INFINITY;
  if (g->components && g->largest) return monitor_largest(left, g->width, g->largest);
  if (g->components && g->adjacent) {
    for (int i = 0; i + g->adjacent <= g->features; i++) {
      double sum = 0.0;
      for (int j = i; j < i + g->adjacent; j++) sum += (left[j] - left[g->features + j]) / 2;
      if (i == 0 || sum / g->adjacent > score) score = sum / g->adjacent;
    }
    return score;
  }
  for (int i = 0; i < g->width; i++) {
    double one = g->two_sided ? fabs(left[i]) : left[i];
    if (g->components) score += left[i] * left[i];
    else if (one > score) score = one;
  }
  return g->components ? sqrt(score / g->width) : score;
}

/* Logarithm of the probability of a score as high. */
static double monitor_tail(const monitor_group *g, double score) {
  if (score > g->threshold) {
    double excess = (score - g->threshold) / (g->independent * g->tail_scale);
    return g->log_share - g->independent * log1p(excess);
  }
  int low = 0, high = g->count;
  while (low < high) {
    int middle = (low + high) / 2;
    if (g->scores[middle] < score) low = middle + 1; else high = middle;
  }
  double body = log((double)(g->count - low + 1) / (g->count + 1));
  return body > g->log_share ? body : g->log_share;
}

/* Logarithm of the joint probability of all groups, Bonferroni's; NAN without a score. */
static double monitor_joint(const double *const *features, const double *const *centers, monitor_work *w) {
  double least = NAN;
  for (int n = 0; n < G; n++) {
    const monitor_group *g = &GROUPS[n];
    if (!monitor_residual(g, features[g->takes], centers[n], w)) continue;
    double log_p = monitor_tail(g, monitor_score(g, w->left));
    if (isnan(least) || log_p < least) least = log_p;
  }
  return least + CORRECTION > 0.0 ? 0.0 : least + CORRECTION;
}
