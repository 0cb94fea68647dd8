/** Files read and written so that every failure names the file. */
package dev.winnow.file;
