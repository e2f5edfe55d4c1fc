/**
 * One offline HTML page per Run, terminal tables, JSON.
 *
 * <p>
 * {@link dev.orbifold.report.HtmlReport} writes the page, {@link dev.orbifold.report.Table} lays out text,
 * {@link dev.orbifold.report.JsonOutput} frames what programs read.
 */
@NullMarked
package dev.orbifold.report;

import org.jspecify.annotations.NullMarked;
