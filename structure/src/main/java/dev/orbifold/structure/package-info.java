/** What the weights look like next to their mirrors, and the quotient Graph. */
@NullMarked
package dev.orbifold.structure;

import org.jspecify.annotations.NullMarked;
