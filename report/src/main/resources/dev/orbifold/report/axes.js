/** Axes that people read: steps of 1, 2 or 5, at least two labels in sight, whole numbers for counts. */
const axes = (() => {
  const PREFIXES = ['', ' k', ' M', ' G', ' T', ' P', ' E'];
  // Where 1, 2, 5 and 10 stand between two powers of ten, to a tenth of a decade; 0.3 and 0.7 are off by 0.001.
  const STOPS = [0, .3, .7, 1], MANTISSAS = { 0: 1, 3: 2, 7: 5 };
  const TENTH = .1, DECADES = 3;
  const exponent = value => Math.floor(Math.log10(value) + 1e-12);
  const clean = value => Number(value.toPrecision(12));
  const least = values => values.reduce((a, b) => Math.min(a, b), Infinity);
  const largest = values => values.reduce((a, b) => Math.max(a, b), -Infinity);

  /** The number as a person would write it; two numbers that are so far apart read differently. */
  function text(value, apart) {
    const size = Math.abs(value);
    if (size < apart * 1e-6) return '0';
    const digits = Math.max(0, exponent(size) - exponent(apart));
    if (size >= 1e21 || size < 1e-2 && apart < 1e-3) {
      const power = exponent(size);
      return Number((value / 10 ** power).toFixed(Math.min(9, digits))) + 'e' + power;
    }
    const prefix = size >= 1000 ? Math.min(PREFIXES.length - 1, Math.floor(exponent(size) / 3)) : 0;
    return String(Number((value / 1000 ** prefix).toFixed(Math.min(9, Math.max(0, 3 * prefix - exponent(apart)))))) + PREFIXES[prefix];
  }

  /**
   * From where to where an axis goes, and how far it is from tick to tick. What stays the same is shown above 0, and 0 itself
   * from 0 to 1.
   */
  function linear(low, high, most, whole) {
    let from = low, to = high;
    if (!Number.isFinite(from) || !Number.isFinite(to)) [from, to] = [0, 1];
    if (to - from <= 1e-9 * Math.max(Math.abs(from), Math.abs(to))) [from, to] = from > 0 ? [0, 2 * to] : from < 0 ? [2 * from, 0] : [0, 1];
    const raw = (to - from) / most, unit = 10 ** exponent(raw);
    const step = [1, 2, 5, 10].find(one => one * unit >= raw * (1 - 1e-9)) * unit;
    const interval = clean(whole ? Math.max(1, step) : step);
    return { min: clean(Math.floor(from / interval + 1e-9) * interval), max: clean(Math.ceil(to / interval - 1e-9) * interval), interval };
  }

  /** The stop next to a logarithm, on the side that is asked for. */
  const below = place => {
    const decade = Math.floor(place + .002);
    return decade + STOPS.findLast(stop => stop <= place - decade + .002);
  };
  const above = place => {
    const decade = Math.floor(place - .002);
    return decade + STOPS.find(stop => stop >= place - decade - .002);
  };

  /**
   * The same for logarithms: 1, 2 and 5 of every decade, or powers of ten where there are many. ECharts counts ticks from the
   * axis's beginning, so that there is one at every tenth of a decade, and a label at few of them.
   */
  function logarithmic(low, high) {
    const from = Math.log10(low), to = Math.log10(high), many = to - from > DECADES;
    const apart = many ? Math.ceil((Math.ceil(to) - Math.floor(from)) / 7) : 1;
    const begin = many ? Math.floor(from / apart) * apart : below(from), end = many ? Math.ceil(to / apart) * apart : above(to);
    const lines = [];
    for (let decade = Math.floor(begin); decade <= end; decade += apart) {
      lines.push(...(many ? [0] : STOPS.slice(0, 3)).map(stop => clean(decade + stop)).filter(place => place > begin - .01 && place < end + .01));
    }
    return { min: clean(begin - TENTH), max: clean(end + TENTH), interval: TENTH, lines };
  }
  function power(place) {
    const tenths = Math.round(place * 10), value = MANTISSAS[((tenths % 10) + 10) % 10] * 10 ** Math.floor(tenths / 10);
    return text(value, value);
  }

  /**
   * An axis for these values. Equal steps are equal factors where that is asked for and the largest is at least twice the
   * least; places on such an axis are logarithms to base 10.
   */
  function scale(log, values, most, whole) {
    const low = least(values), high = largest(values);
    if (log && low > 0 && high >= 2 * low) {
      const range = logarithmic(low, high);
      const label = place => range.lines.some(line => Math.abs(line - place) < TENTH / 5) ? power(place) : '';
      return { ...range, log: true, place: Math.log10, label };
    }
    const range = linear(low, high, most, whole);
    return { ...range, log: false, place: value => value, label: place => text(place, range.interval), lines: [] };
  }

  /**
   * Where an axis goes that ends where its values end: ticks are round numbers, two of them at least, and the ends have no label
   * unless they are round themselves.
   */
  function ends(values, most) {
    const low = least(values), high = largest(values), { min, max, interval } = linear(low, high, Math.max(5, most));
    const round = value => Math.abs(value / interval - Math.round(value / interval)) < 1e-6;
    const same = !(high - low > 1e-9 * Math.max(Math.abs(low), Math.abs(high)));
    // ECharts puts ticks at multiples of a step only where it is free to choose one: it is given one to choose from.
    return { range: { min: same ? min : low, max: same ? max : high, minInterval: interval, maxInterval: interval },
      label: value => round(value) ? text(value, interval) : '' };
  }
  return { scale, linear, ends, text, least, largest };
})();
