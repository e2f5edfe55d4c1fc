/** What the page draws of any measure against any other, with the tools of the page: axis, base, plain and SYMBOLS. */
const plotDrawings = ({ axis, base, plain, SYMBOLS }) => {
  /** An axis with a name in the middle, and the lines that a logarithmic one draws at its labels. */
  function named(look, range, name, nameGap) {
    const made = axis(look, { type: 'value', min: range.min, max: range.max, interval: range.interval,
      name: name + (range.log ? ' (log scale)' : ''), nameLocation: 'middle', nameGap });
    made.axisLabel = { ...made.axisLabel, formatter: range.label };
    if (range.log) made.splitLine = { show: false };
    return made;
  }
  /** The vertical one: its name stands beside the widest label. */
  function upright(look, range, name) {
    const labels = [];
    for (let at = range.min; at <= range.max + range.interval / 2; at += range.interval) labels.push(range.label(at).length);
    return named(look, range, name, 22 + 6.5 * axes.largest(labels));
  }
  function gridLines(look, x, y) {
    return { silent: true, symbol: 'none', precision: 9, label: { show: false }, lineStyle: { color: look.line, opacity: .6, type: 'solid', width: 1 },
      data: x.lines.map(place => ({ xAxis: place })).concat(y.lines.map(place => ({ yAxis: place }))) };
  }

  // A line that lies on another leaves it in sight: it has gaps, and smaller markers of another shape.
  const DASHES = ['solid', [10, 6], [2, 5], [14, 4, 2, 4]], SIZES = [12, 9, 7];
  /** One line per series; where seeds differ, a bar from the least to the largest, and a dot for each, beside their mean where all stand at one x. */
  function plot(chart, look) {
    const option = base(look);
    const visible = series => series.points.filter(point => (!chart.logX || point[0] > 0) && (!chart.logY || point[2] > 0));
    const all = chart.series.flatMap(visible);
    const singles = (chart.singles ?? []).map(series => series.points.filter(point => (!chart.logX || point[0] > 0) && (!chart.logY || point[1] > 0)));
    const x = axes.scale(chart.logX, all.map(point => point[0]), 5), y = axes.scale(chart.logY, all.flatMap(point => point.slice(1)), 5);
    Object.assign(option.legend, { show: chart.series.length > 1, icon: undefined, itemWidth: 34, itemHeight: 11 });
    option.grid = { left: 30, right: 18, top: chart.series.length > 1 ? 44 : 18, bottom: 26, containLabel: true };
    option.tooltip.trigger = 'item';
    option.tooltip.formatter = item => {
      const [at, mean, low, high] = item.data.point;
      return echarts.format.encodeHTML(item.seriesName) + '<br>' + echarts.format.encodeHTML(chart.yAxis) + ' ' + plain(mean)
        + (high > low ? ' (' + plain(low) + ' to ' + plain(high) + ')' : '') + '<br>' + echarts.format.encodeHTML(chart.xAxis) + ' ' + plain(at);
    };
    option.xAxis = named(look, x, chart.xAxis, 26);
    option.yAxis = upright(look, y, chart.yAxis);
    option.series = chart.series.flatMap((series, i) => {
      const color = look.palette[i % look.palette.length];
      const points = visible(series).map(point => ({ point, value: [x.place(point[0]), ...point.slice(1).map(y.place)] }));
      return [
        { name: series.name, type: 'line', data: points, color, symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: SIZES[i % SIZES.length], showSymbol: true, z: 3 + i,
          lineStyle: { width: 2, type: DASHES[i % DASHES.length] }, emphasis: { disabled: true }, markLine: i === 0 ? gridLines(look, x, y) : undefined },
        { name: series.name, type: 'custom', data: points.filter(one => one.point[3] > one.point[2]), color, silent: true, tooltip: { show: false }, encode: { x: 0, y: [2, 3] },
          renderItem: (params, api) => {
            const low = api.coord([api.value(0), api.value(2)]), high = api.coord([api.value(0), api.value(3)]);
            return { type: 'line', shape: { x1: low[0], y1: low[1], x2: high[0], y2: high[1] }, style: { stroke: color, lineWidth: 1.5 } };
          } },
        { name: series.name, type: 'scatter', color,
          data: (singles[i] ?? []).map(([at, value]) => ({ value: [x.place(at), y.place(value)], symbolOffset: [points.some(one => Math.abs(one.point[0] - at) <= 1e-9 * Math.abs(at)) ? 9 + 4 * i : 0, 0] })), silent: true, tooltip: { show: false },
          symbol: 'circle', symbolSize: 5, z: 2, itemStyle: { opacity: .6 } },
      ];
    });
    return option;
  }

  /** One bar at every value, down to the end of the axis: where there is none, there is nothing. */
  function bars(chart, look) {
    const option = base(look), half = chart.width / 2;
    const x = axes.scale(false, chart.points.map(point => point[0]), 6), y = axes.scale(true, chart.points.map(point => point[1]), 5);
    option.legend.show = false;
    option.grid = { left: 30, right: 18, top: 18, bottom: 26, containLabel: true };
    option.tooltip.trigger = 'item';
    option.tooltip.formatter = item => echarts.format.encodeHTML(chart.yAxis) + ' ' + plain(item.data.point[1]) + '<br>'
      + echarts.format.encodeHTML(chart.xAxis) + ' ' + plain(item.data.point[0]);
    option.xAxis = named(look, x, chart.xAxis, 26);
    option.yAxis = upright(look, y, chart.yAxis);
    option.series = [{ type: 'custom', data: chart.points.map(point => ({ point, value: [point[0], y.place(point[1])] })), color: look.main, clip: true,
      markLine: gridLines(look, x, y), renderItem: (params, api) => {
        const [left, top] = api.coord([api.value(0) - half, api.value(1)]), [right, bottom] = api.coord([api.value(0) + half, y.min]);
        // A hair wider than it is, so that no light comes through between two of them.
        return { type: 'rect', shape: { x: left, y: top, width: right - left + .3, height: bottom - top }, style: { fill: look.main } };
      } }];
    return option;
  }
  return { plot, bars };
};
