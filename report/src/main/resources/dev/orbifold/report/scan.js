'use strict';
/** What the page of a scan draws, with the tools of the page: axis, base and FONT. */
const scanDrawings = ({ axis, base, FONT }) => {
  const ROWS = [7, 12, 18, 24, 32];
  const TOP = 34, LANE = 24;
  const FLOOR = 1e-9, ROUNDING = 1e-6;
  const encode = text => echarts.format.encodeHTML(text);
  const discs = dimension => Math.min(20, Math.max(7, 4 + 1.5 * Math.log2(1 + dimension)));

  /** How high a row is, and what that makes the whole. */
  const row = chart => ROWS[chart.zoom ?? 3];
  const height = chart => TOP + 12 + chart.stations.length * row(chart);
  const zoom = (chart, step) => { chart.zoom = Math.min(ROWS.length - 1, Math.max(0, (chart.zoom ?? 3) + step)); };

  /**
   * Name and note in so many letters. Where they are too few the Group goes, which the colour tells, then the beginning of the
   * name: what tells layers apart stands at its end.
   */
  function label(station, letters) {
    const fits = note => letters - (note ? note.length + 3 : 0) >= station.name.length;
    const note = fits(station.note) ? station.note : station.note.slice(0, Math.max(0, station.note.lastIndexOf(' · ')));
    const room = Math.max(18, Math.floor(letters) - (note ? note.length + 3 : 0));
    const name = station.name.length > room ? '…' + station.name.slice(1 - room).replace(/^[._/]+/, '') : station.name;
    return name + (note ? '   ' + note : '');
  }

  function network(chart, look, width) {
    const high = row(chart), small = Math.min(1, high / 22), lane = LANE * Math.min(1, Math.max(.5, high / 22));
    const left = 14, reach = left + chart.lanes * lane;
    const option = base(look);
    // The palette without the colour that marks what has collapsed.
    const palette = look.palette.filter(one => one !== look.target);
    const color = group => group < 0 ? look.soft : palette[group % palette.length];
    const nodes = [], links = [];
    const categories = chart.groups.map((name, i) => ({ name, symbol: 'circle', itemStyle: { color: color(i) } }))
      .concat([{ name: 'parameters', symbol: 'rect', itemStyle: { color: look.soft } }]);
    const anchor = at => {
      nodes.push({ id: String(nodes.length), value: [left + at[0] * lane, at[1]], symbolSize: 0, silent: true, tooltip: { show: false } });
      return String(nodes.length - 1);
    };
    // Lanes first, so that edges and marks lie on them.
    for (const wide of [true, false]) {
      for (const stroke of chart.strokes.filter(one => one.group >= 0 === wide)) {
        links.push({ source: anchor(stroke.from), target: anchor(stroke.to), lineStyle: wide
          ? { color: color(stroke.group), width: Math.max(2, 5 * small), opacity: .4 }
          : { color: look.soft, width: 1.25, opacity: .8 } });
      }
    }
    for (const station of chart.stations) {
      const space = station.group >= 0;
      const size = (space ? discs(station.dimension) : 7) * small;
      nodes.push({
        id: String(nodes.length), name: station.name, value: [left + station.at[0] * lane, station.at[1]],
        category: space ? station.group : chart.groups.length, symbol: space ? 'circle' : 'rect', symbolSize: size,
        itemStyle: { color: color(station.group), borderColor: station.collapsed ? look.target : look.paper, borderWidth: station.collapsed ? 3 * small : 1 },
        lines: station.lines,
      });
      nodes.push({
        id: String(nodes.length), name: station.name, value: [reach, station.at[1]], symbolSize: 0, silent: true, tooltip: { show: false },
        label: { show: high >= 12, position: 'right', distance: 0, formatter: () => label(station, (width - reach) / (.66 * Math.min(12, high - 2))),
          color: station.collapsed ? look.target : space ? look.ink : look.soft, fontWeight: space ? 600 : 400,
          fontSize: Math.min(12, high - 2), fontFamily: FONT, width: Math.max(40, width - reach - 8), overflow: 'truncate' },
      });
    }
    option.legend = { ...option.legend, data: categories.map(one => one.name), icon: undefined, selectedMode: false };
    option.grid = { left: 0, right: 0, top: TOP, bottom: 12 };
    option.xAxis = { type: 'value', min: 0, max: width, show: false };
    option.yAxis = { type: 'value', min: -.5, max: chart.stations.length - .5, inverse: true, show: false };
    option.tooltip.trigger = 'item';
    option.tooltip.extraCssText = 'max-width: 20rem; white-space: normal; overflow-wrap: anywhere';
    option.tooltip.formatter = item => item.dataType === 'node' && item.data.lines
      ? '<b>' + encode(item.name) + '</b><br>' + item.data.lines.map(encode).join('<br>') : '';
    option.series = [{ type: 'graph', coordinateSystem: 'cartesian2d', layout: 'none', categories, data: nodes, links,
      roam: false, emphasis: { disabled: true }, edgeSymbol: ['none', 'none'] }];
    return option;
  }

  function spectra(chart, look) {
    const product = chart.products[chart.selected ?? 0];
    const option = base(look);
    const shares = product.copies.map(values => values.map((value, i) => [i + 1, Math.max(FLOOR, value / (values[0] || 1))]));
    const least = Math.min(...shares.flat().map(point => point[1]));
    option.legend.show = product.copies.length > 1;
    option.grid = { left: 4, right: 18, top: 34, bottom: 26, containLabel: true };
    option.tooltip.valueFormatter = share => typeof share !== 'number' ? '–' : share <= FLOOR ? 'nothing' : share.toPrecision(3);
    option.xAxis = axis(look, { type: 'value', name: 'singular value, by size', nameLocation: 'middle', nameGap: 26, min: 1,
      max: Math.max(2, ...product.copies.map(values => values.length)), minInterval: 1, splitLine: { show: false } });
    option.yAxis = axis(look, { type: 'log', max: 1, min: Math.min(.1, 10 ** Math.floor(Math.log10(least))) });
    option.yAxis.axisLabel = { ...option.yAxis.axisLabel, formatter: share => share >= .001 ? String(Number(share.toPrecision(1))) : share.toExponential(0) };
    option.series = product.copies.map((values, copy) => ({
      name: product.copies.length > 1 ? 'copy ' + (copy + 1) : product.name, type: 'line', data: shares[copy],
      color: look.palette[copy % look.palette.length], showSymbol: values.length <= 64, symbol: 'circle', symbolSize: 4,
      lineStyle: { width: 1.75 }, emphasis: { disabled: true },
      markLine: copy === 0 && least < 10 * ROUNDING ? { silent: true, symbol: 'none', precision: 9, data: [{ yAxis: ROUNDING,
        lineStyle: { color: look.target, type: 'dashed', width: 1.5 }, label: { show: false } }] } : undefined,
    }));
    return option;
  }

  /** One bar, divided; names and counts stand in the legend, which no part is too small for. */
  function bar(chart, look) {
    const option = base(look);
    const palette = look.palette.filter(one => one !== look.target);
    const whole = chart.parts.reduce((sum, part) => sum + part.count, 0);
    option.legend = { ...option.legend, type: 'plain', bottom: 0, top: undefined, selectedMode: false, itemGap: 16,
      formatter: name => name + '  ' + chart.parts.find(part => part.name === name).count };
    option.grid = { left: 0, right: 0, top: 4, height: 28 };
    option.tooltip.trigger = 'item';
    option.tooltip.formatter = item => encode(item.seriesName) + '<br>' + item.value + ' of ' + whole + ' ('
      + Number((100 * item.value / whole).toPrecision(3)) + ' %)';
    option.xAxis = { type: 'value', min: 0, max: whole, show: false };
    option.yAxis = { type: 'category', data: [''], show: false };
    option.series = chart.parts.map((part, i) => ({
      name: part.name, type: 'bar', stack: 'all', barWidth: 28, data: [part.count], barMinHeight: 2,
      color: part.warning ? look.target : palette[i % palette.length],
      itemStyle: { borderColor: look.paper, borderWidth: 1 }, emphasis: { disabled: true },
      label: { show: part.count > whole / 12, formatter: () => String(part.count), color: look.paper, fontSize: 12, fontFamily: FONT },
    }));
    return option;
  }
  /** The bar and as many lines of legend as its names take. */
  const barHeight = (chart, width) => 48 + 22 * Math.ceil(chart.parts.reduce((sum, part) => sum
    + 48 + 7 * (part.name.length + 2 + String(part.count).length), 0) / Math.max(200, width));
  return { network, spectra, bar, height, barHeight, zoom };
};

/** Tables whose heads sort them: numbers from the largest, texts from A, and the other way round at the second click. */
function sortableTables() {
  for (const table of document.querySelectorAll('table.sortable')) {
    const body = table.tBodies[0];
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      head.replaceChildren(button);
      button.addEventListener('click', () => {
        const number = head.classList.contains('number');
        const first = number ? 'descending' : 'ascending';
        const order = head.getAttribute('aria-sort') === first ? (number ? 'ascending' : 'descending') : first;
        for (const other of table.tHead.rows[0].cells) other.removeAttribute('aria-sort');
        head.setAttribute('aria-sort', order);
        const sign = order === 'ascending' ? 1 : -1;
        const by = (a, b) => number ? Number(a.dataset.value) - Number(b.dataset.value)
          : a.textContent.localeCompare(b.textContent, 'en', { numeric: true });
        body.append(...[...body.rows].sort((a, b) => sign * by(a.cells[column], b.cells[column])));
      });
    });
  }
}

/** A frame that scrolls can be dragged with the mouse; fingers do that by themselves. */
function draggableFrames() {
  for (const frame of document.querySelectorAll('.pan')) {
    let from = null;
    frame.addEventListener('pointerdown', event => {
      if (event.pointerType === 'mouse' && event.button === 0 && event.target !== frame) from = [event.clientY, frame.scrollTop];
    });
    frame.addEventListener('pointermove', event => { if (from) frame.scrollTop = from[1] + from[0] - event.clientY; });
    for (const end of ['pointerup', 'pointerleave']) frame.addEventListener(end, () => { from = null; });
  }
}
