/** One offline HTML page per Run, terminal tables, JSON. */
@NullMarked
package dev.orbifold.report;

import org.jspecify.annotations.NullMarked;
