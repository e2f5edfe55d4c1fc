/** What training will do near the mirrors of a Graph: the curvature of the loss there, thresholds, exponents. */
@NullMarked
package dev.orbifold.collapse;

import org.jspecify.annotations.NullMarked;
