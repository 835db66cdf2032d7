// Scales: a value's place on an axis, from 0 to 1, and back (`exact` knows no whole numbers); linear,
// logarithmic, or one place for each category.

const LARGEST = Number.MAX_VALUE;
const finite = (value) => Math.min(LARGEST, Math.max(-LARGEST, value));

function linearScale(low, high, { whole = false } = {}) {
  const [from, to] = spread(low, high, whole ? 1 : Math.abs(low) * 0.1 || 1).map(finite);
  // From one end of all numbers to the other it is farther than the largest of them.
  const part = Number.isFinite(to - from) ? 1 : 0.25;
  const size = to * part - from * part;
  const place = (value) => (value * part - from * part) / size;
  const exact = (at) => finite((from * part + at * size) / part);
  return {
    kind: 'linear',
    low: from,
    high: to,
    at: (value) => (Number.isFinite(value) ? place(value) : null),
    from: (at) => (whole ? Math.round(exact(at)) : exact(at)),
    exact,
    text: short,
    ticks: (most, start = 0, end = 1) =>
      roundNumbers(exact(start), exact(end), most, whole).map((value) => ({
        at: place(value),
        text: short(value),
      })),
  };
}

function logScale(low, high) {
  const [from, to] = spread(Math.log10(Math.max(low, Number.MIN_VALUE)), Math.log10(finite(high)), 0.5);
  const exact = (at) => finite(10 ** (from + at * (to - from)));
  const place = (value) => (Math.log10(value) - from) / (to - from);
  return {
    kind: 'log',
    low: exact(0),
    high: exact(1),
    at: (value) => (value > 0 && Number.isFinite(value) ? place(value) : null),
    from: exact,
    exact,
    text: short,
    ticks: (most, start = 0, end = 1) =>
      decades(from + start * (to - from), from + end * (to - from), most).map((value) => ({
        at: place(value),
        text: short(value),
      })),
  };
}

// keys are the values as text; labels, where given, how they are shown.
function categoryScale(keys, labels = keys) {
  const places = new Map(keys.map((key, index) => [key, index]));
  const count = Math.max(1, keys.length);
  const index = (place) => Math.min(count - 1, Math.max(0, Math.floor(place * count)));
  return {
    kind: 'category',
    keys,
    low: null,
    high: null,
    at: (value) => (places.has(plain(value)) ? (places.get(plain(value)) + 0.5) / count : null),
    from: (place) => keys[index(place)],
    text: (key) => labels[places.get(plain(key))] ?? plain(key),
    ticks: (most, start = 0, end = 1) => {
      const every = Math.max(1, Math.ceil((count * (end - start)) / most));
      return labels
        .map((text, at) => ({ at: (at + 0.5) / count, text }))
        .filter((tick, at) => at % every === 0 && tick.at >= start && tick.at <= end);
    },
  };
}

// An axis of one value has a width all the same.
function spread(low, high, beside) {
  if (high > low) return [low, high];
  return [low - beside, low + beside];
}

function roundNumbers(low, high, most, whole) {
  const rough = high / Math.max(1, most) - low / Math.max(1, most);
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough * 0.999);
  if (whole) step = Math.max(1, Math.round(step));
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first;
  return Array.from({ length: Math.max(0, Math.min(50, count + 1)) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}

function decades(low, high, most) {
  const inside = (value) => Math.log10(value) >= low - 1e-9 && Math.log10(value) <= high + 1e-9;
  const powers = Array.from(
    { length: Math.min(700, Math.floor(high) - Math.floor(low) + 1) },
    (_, index) => Math.floor(low) + index,
  );
  for (const factors of [[1, 2, 5], [1, 3], [1]]) {
    const found = powers
      .flatMap((power) => factors.map((factor) => Number(`${factor}e${power}`)))
      .filter(inside);
    if (found.length >= 2 && found.length <= most) return found;
  }
  const whole = powers.map((power) => Number(`1e${power}`)).filter(inside);
  if (whole.length < 2)
    return roundNumbers(10 ** low, 10 ** high, Math.min(3, most), false).filter((value) => value > 0);
  const every = Math.ceil(whole.length / most);
  return whole.filter((_, index) => index % every === 0);
}

// The axis of a hyperparameter: its own range where it has one, as wide as its trials where it has none.
function scaleFor(entry, values) {
  const numbers = values
    .filter((value) => typeof value !== 'boolean')
    .map(number)
    .filter(Number.isFinite);
  const used = values.filter((value) => value !== undefined && value !== null);
  if (entry.scale === 'category' || (!numbers.length && used.length)) {
    const listed = (entry.values || entry.choices || []).map(plain);
    const labels = new Map(listed.map((key, index) => [key, (entry.choices || [])[index] ?? key]));
    const keys = [...new Set([...listed, ...used.map(plain)])];
    return categoryScale(
      keys,
      keys.map((key) => labels.get(key) ?? key),
    );
  }
  const ends = [number(entry.low), number(entry.high)].filter(Number.isFinite);
  const [low, high] = extent([...ends, ...numbers]);
  if (low === null) return linearScale(0, 1);
  const whole = numbers.length > 0 && numbers.every(Number.isInteger);
  if (entry.scale === 'log' && low > 0) return logScale(low, high);
  return linearScale(low, high, { whole });
}

function extent(values) {
  let low = null;
  let high = null;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    if (low === null || value < low) low = value;
    if (high === null || value > high) high = value;
  }
  return [low, high];
}

// The axis of results. What lies far beyond the rest, on the bad side, is drawn at the edge, and counted.
function resultScale(values, sign) {
  const numbers = values.filter(Number.isFinite);
  if (!numbers.length) return { ...linearScale(0, 1), beyond: 0 };
  const [least, most] = extent(numbers);
  const logarithmic = least > 0 && most / least > 30;
  const there = logarithmic ? Math.log10 : (value) => value;
  const sorted = numbers.map((value) => there(value) * (sign || 1)).sort((one, other) => one - other);
  const middle = sorted[Math.floor(sorted.length * 0.75)];
  const limit = middle + 3 * Math.max(middle - sorted[0], 1e-12);
  const kept = sorted.filter((value) => value <= limit);
  const beyond = sorted.length - kept.length;
  const ends = [kept[0] * (sign || 1), kept[kept.length - 1] * (sign || 1)].sort((one, other) => one - other);
  const margin = ends[1] * 0.05 - ends[0] * 0.05;
  const [low, high] = [ends[0] - margin, ends[1] + margin];
  const scale = logarithmic ? logScale(10 ** low, 10 ** high) : linearScale(low, high);
  const at = scale.at;
  const edge = (place) => (place === null ? null : Math.min(1, Math.max(0, place)));
  return { ...scale, at: (value) => edge(at(value)), beyond, most: sign < 0 ? least : most };
}

const beyondText = (scale) =>
  scale.beyond
    ? ` At the edge: ${plural(scale.beyond, 'value')} beyond the axis, the farthest ${short(scale.most)}.`
    : '';
