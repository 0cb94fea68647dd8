/**
 * NAS-Bench-101: its cells and their notations, the official hash and an exact canonical form, all
 * 423,624 distinct cells, and the benchmark's networks with its rule for the channels of a cell.
 */
package dev.winnow.space.nasbench101;
