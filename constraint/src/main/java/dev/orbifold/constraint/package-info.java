/** Reparametrizations that make mirrors attractive, and the controller that steers them. */
@NullMarked
package dev.orbifold.constraint;

import org.jspecify.annotations.NullMarked;
