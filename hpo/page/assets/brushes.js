// Brushes: a range on each axis of the parallel coordinates. It is set with the pointer on the axis or with
// two sliders, which are for the keyboard; a trial passes where its place is within. The table shows those
// that pass.

class Brushes {
  constructor(changed) {
    this.changed = changed;
    this.ranges = new Map();
    this.ends = new Map();
    this.axes = [];
    this.root = el('div', { class: 'sliders' });
    this.rows = new Map();
  }

  // axes: [{name, scale, place(row)}], from left to right.
  show(axes) {
    const key = JSON.stringify(axes.map((axis) => axis.name));
    this.axes = axes;
    this.move();
    if (this.key !== key) {
      this.key = key;
      const focused = document.activeElement && document.activeElement.dataset.slider;
      this.rows = new Map(axes.map((axis) => [axis.name, this.makeRow(axis.name)]));
      refill(
        this.root,
        [...this.rows.values()].map((row) => row.root),
      );
      const again =
        focused && [...this.root.querySelectorAll('input')].find((each) => each.dataset.slider === focused);
      if (again) again.focus({ preventScroll: true });
    }
    for (const [name, range] of this.ranges) this.put(name, range);
    for (const axis of axes) this.tell(axis);
  }

  // An axis may grow while data arrive: a brush stays at its values, and one that reached an end at that end.
  move() {
    for (const [name, ends] of this.ends) {
      const axis = this.axes.find((each) => each.name === name);
      if (!axis) this.forget(name);
      else
        this.ranges.set(
          name,
          this.ranges
            .get(name)
            .map((place, end) => (ends[end] === null ? place : (axis.scale.at(ends[end]) ?? place))),
        );
    }
  }

  forget(name) {
    this.ranges.delete(name);
    this.ends.delete(name);
  }

  put(name, range) {
    [this.rows.get(name).low.value, this.rows.get(name).high.value] = range.map((place) =>
      Math.round(place * 1000),
    );
  }

  makeRow(name) {
    const slider = (end, value) =>
      el('input', {
        type: 'range',
        min: 0,
        max: 1000,
        step: 1,
        value,
        'aria-label': `${cut(name, 60)}, ${end}`,
        'data-slider': `${cut(name, 200)} ${end}`,
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
    if (range) {
      this.ranges.set(name, range);
      this.ends.set(
        name,
        range.map((place) => (axis.scale.exact && place > 0 && place < 1 ? axis.scale.exact(place) : null)),
      );
    } else {
      this.forget(name);
    }
    if (!keep) this.put(name, range || [0, 1]);
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
    this.ends.clear();
    for (const name of this.rows.keys()) this.put(name, [0, 1]);
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
