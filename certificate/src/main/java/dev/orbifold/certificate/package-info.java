/** Whether all continuous symmetries were found: functional dimension against explained dimension. */
@NullMarked
package dev.orbifold.certificate;

import org.jspecify.annotations.NullMarked;
