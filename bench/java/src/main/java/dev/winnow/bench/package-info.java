/** JMH timings of the Java side; built with everything else, run by hand. */
package dev.winnow.bench;
