/**
 * Winnow's networks on libtorch, through the JavaCPP presets: the independent oracle of the native
 * core, and what training runs on. Scores do not depend on it.
 */
package dev.winnow.torch;
