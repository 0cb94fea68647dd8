/** Run folders: what a search leaves on disk, and how an interrupted one continues. */
package dev.winnow.run;
