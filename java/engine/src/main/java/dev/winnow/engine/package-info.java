/**
 * The native core behind the interfaces of {@code dev.winnow.compute}. {@link
 * dev.winnow.engine.NativeEngine} is the way in; {@code dev.winnow.engine.bindings} is generated
 * and no part of the API.
 */
package dev.winnow.engine;
