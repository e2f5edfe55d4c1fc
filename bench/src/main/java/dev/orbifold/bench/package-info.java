/** JMH kernels, and peers measured side by side. */
@NullMarked
package dev.orbifold.bench;

import org.jspecify.annotations.NullMarked;
