package dev.winnow.net;

/** A node of a network being built, for messages: put into words only when something is wrong. */
record Place(int node, String name) {
  @Override
  public String toString() {
    return "node " + node + " (" + name + ")";
  }
}
