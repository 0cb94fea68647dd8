package dev.winnow.search;

import dev.winnow.score.Estimate;

/**
 * One score of a candidate over the repeats made so far.
 *
 * @param score its name, for example {@code ntk}
 * @param value of the candidate itself; repeats without a value are left out
 * @param change what the candidate's removal changes, as the search's mode defines it and ranks it;
 *     {@link Estimate#NONE} where nothing is removed. Undefined when the candidate's value was in
 *     some repeat.
 * @param undefined reason of the first repeat without a value; empty where all have one
 */
public record Measure(String score, Estimate value, Estimate change, String undefined) {}
