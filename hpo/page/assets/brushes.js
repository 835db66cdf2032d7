// Brushes: a range on each axis of the parallel coordinates. It is set with the pointer on the axis or with
// two sliders, which are for the keyboard; a trial passes where its place is within. The table shows those
// that pass.

class Brushes {
  constructor(changed) {
    this.changed = changed;
    this.ranges = new Map();
    this.axes = [];
    this.root = el('div', { class: 'sliders' });
    this.rows = new Map();
  }

  // axes: [{name, scale, place(row)}], from left to right.
  show(axes) {
    const key = JSON.stringify(axes.map((axis) => axis.name));
    this.axes = axes;
    if (this.key !== key) {
      this.key = key;
      this.rows = new Map(axes.map((axis, index) => [axis.name, this.makeRow(axis.name, index)]));
      refill(
        this.root,
        [...this.rows.values()].map((row) => row.root),
      );
    }
    for (const axis of axes) this.tell(axis);
  }

  makeRow(name, index) {
    const slider = (end, value) =>
      el('input', {
        type: 'range',
        min: 0,
        max: 1000,
        step: 1,
        value,
        'aria-label': `${cut(name, 60)}, ${end}`,
        'data-axis': index,
        on: { input: () => this.slide(name) },
      });
    const [low, high] = [slider('from', 0), slider('to', 1000)];
    const text = el('span', { class: 'range-text' });
    const root = el(
      'div',
      { class: 'slider', role: 'group', 'aria-label': cut(name, 60) },
      el('span', { class: 'slider-name' }, data(name, 30)),
      low,
      high,
      text,
    );
    return { root, low, high, text };
  }

  slide(name) {
    const { low, high } = this.rows.get(name);
    const [from, to] = [Number(low.value) / 1000, Number(high.value) / 1000].sort(
      (one, other) => one - other,
    );
    this.set(name, from <= 0 && to >= 1 ? null : [from, to], { keep: true });
  }

  set(name, range, { keep = false } = {}) {
    const axis = this.axes.find((each) => each.name === name);
    if (range) this.ranges.set(name, range);
    else this.ranges.delete(name);
    if (!keep)
      [this.rows.get(name).low.value, this.rows.get(name).high.value] = (range || [0, 1]).map((place) =>
        Math.round(place * 1000),
      );
    this.tell(axis);
    this.filter();
    this.changed();
  }

  // As the filter of the table knows it.
  filter() {
    filter.brushes.clear();
    for (const axis of this.axes) {
      const range = this.ranges.get(axis.name);
      if (!range) continue;
      filter.brushes.set(axis.name, (row) => {
        const place = axis.place(row);
        return place !== null && place >= range[0] - 1e-9 && place <= range[1] + 1e-9;
      });
    }
  }

  clear() {
    this.ranges.clear();
    for (const { low, high } of this.rows.values()) [low.value, high.value] = [0, 1000];
    for (const axis of this.axes) this.tell(axis);
  }

  tell(axis) {
    const { low, high, text } = this.rows.get(axis.name);
    const range = this.ranges.get(axis.name) || [0, 1];
    const [from, to] = range.map((place) => cut(axis.scale.text(axis.scale.from(Math.min(place, 1))), 20));
    text.textContent = this.ranges.has(axis.name) ? (from === to ? from : `${from} to ${to}`) : 'all';
    low.setAttribute('aria-valuetext', from);
    high.setAttribute('aria-valuetext', to);
  }
}
