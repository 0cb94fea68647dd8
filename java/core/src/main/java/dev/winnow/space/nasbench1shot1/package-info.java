/**
 * NAS-Bench-1Shot1: three spaces of NAS-Bench-101 cells whose vertices have prescribed numbers of
 * parents, and the supernets that hold all their cells at once.
 */
package dev.winnow.space.nasbench1shot1;
