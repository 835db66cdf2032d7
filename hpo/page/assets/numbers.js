// Values as text: the numbers of a column alike, four significant digits, exact ones for titles.

// JSON has no NaN and no infinity: they come as words, as do integers beyond 2**53.
function number(value) {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || value.trim() === '') return NaN;
  return Number(value);
}

function plain(value) {
  if (value === null || value === undefined) return '';
  if (typeof value === 'string') return value;
  return JSON.stringify(value);
}

function short(value) {
  const read = typeof value === 'number' ? value : NaN;
  if (Number.isNaN(read)) return plain(value);
  const size = Math.abs(read);
  if (Number.isInteger(read) && size < 1e7) return signed(String(read));
  if (size >= 1e7 || size < 1e-4) return signed(scientific(read));
  return signed(String(Number(read.toPrecision(4))));
}

const scientific = (value) =>
  value
    .toExponential(3)
    .replace(/\.?0+e/, 'e')
    .replace('e+', 'e');
const signed = (text) => text.replace('-', '\u2212').replace('e-', 'e\u2212');

// One way of writing all numbers of a column, chosen by the largest and the smallest of them.
function formatter(values) {
  const sizes = values
    .filter(Number.isFinite)
    .map(Math.abs)
    .filter((size) => size > 0);
  const asText = (write) => (value) => {
    if (typeof value !== 'number') return plain(value);
    return Number.isFinite(value)
      ? signed(write(value))
      : signed(String(value).replace('Infinity', '\u221e'));
  };
  if (!sizes.length) return asText(String);
  let low = Infinity;
  let high = 0;
  let whole = true;
  for (const size of sizes) {
    low = Math.min(low, size);
    high = Math.max(high, size);
    whole = whole && Number.isInteger(size);
  }
  if (whole && high < 1e9) return asText(String);
  if (high >= 1e6 || low < 1e-5)
    return asText((value) => (value === 0 ? '0' : value.toExponential(3).replace('e+', 'e')));
  if (high / low > 20) return asText((value) => (value === 0 ? '0' : value.toPrecision(4)));
  const places = Math.min(8, Math.max(0, 3 - Math.floor(Math.log10(high))));
  return asText((value) => value.toFixed(places));
}

// Seconds of a column: as many places as the longest of them deserves.
function secondsFormatter(values) {
  const most = Math.max(0, ...values.filter(Number.isFinite));
  const places = most >= 100 ? 0 : most >= 10 ? 1 : most >= 1 ? 2 : 4;
  return (value) => (Number.isFinite(value) ? value.toFixed(places) : '');
}

const grouped = (value) => String(value).replace(/\B(?=(\d{3})+$)/g, ',');
const plural = (count, noun) => `${grouped(count)} ${noun}${count === 1 ? '' : 's'}`;

function duration(seconds) {
  const value = number(seconds);
  if (!Number.isFinite(value)) return '';
  if (value < 1) return `${Math.max(1, Math.round(value * 1000))} ms`;
  if (value < 10) return `${value.toFixed(1)} s`;
  if (value < 60) return `${Math.round(value)} s`;
  const total = Math.round(value);
  if (total < 3600) return `${Math.floor(total / 60)} min ${total % 60} s`;
  const hours = Math.floor(total / 3600);
  if (hours < 48) return `${hours} h ${Math.floor((total % 3600) / 60)} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function moment(unix) {
  const value = number(unix);
  if (!Number.isFinite(value)) return '';
  const date = new Date(value * 1000);
  const two = (part) => String(part).padStart(2, '0');
  return (
    `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ` +
    `${two(date.getHours())}:${two(date.getMinutes())}`
  );
}

// A name of ten thousand letters is cut; control characters and marks of direction stay inside it.
function cut(text, most = 60) {
  const whole = plain(text);
  return whole.length > most ? `${whole.slice(0, most - 1)}\u2026` : whole;
}

function canvasText(text, most = 24) {
  const clean = cut(
    plain(text).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, ' '),
    most,
  );
  return `\u2068${clean}\u2069`;
}
