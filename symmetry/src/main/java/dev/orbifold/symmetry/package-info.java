/** Which symmetries a Graph has and how they move its parameters. */
@NullMarked
package dev.orbifold.symmetry;

import org.jspecify.annotations.NullMarked;
