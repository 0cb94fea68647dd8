package dev.winnow.space.nasbench101;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;

/**
 * The benchmark's own fingerprint of a pruned cell, the key of its tables: equal for isomorphic
 * cells, different for all others of the space. Each vertex starts from its degrees and operation
 * and is hashed with its neighbours as often as there are vertices.
 *
 * <p><b>Cost</b>: about 8·v² MD5 digests of v vertices' worth of text, some 50 microseconds.
 *
 * @see <a href="https://arxiv.org/abs/1902.09635">Ying et al. 2019</a>
 */
final class ModuleHash {
  private static final int INPUT = -1;
  private static final int OUTPUT = -2;

  private ModuleHash() {}

  /** 32 hexadecimal digits. */
  static String of(NasBench101Cell cell) {
    NasBench101Cell pruned = cell.pruned();
    MessageDigest md5 = md5();
    int n = pruned.vertices();
    String[] hashes = new String[n];
    for (int v = 0; v < n; v++) {
      int label = v == 0 ? INPUT : v == n - 1 ? OUTPUT : pruned.operation(v).ordinal();
      int out = 0;
      int in = 0;
      for (int w = 0; w < n; w++) {
        out += pruned.hasEdge(v, w) ? 1 : 0;
        in += pruned.hasEdge(w, v) ? 1 : 0;
      }
      hashes[v] = digest(md5, "(" + out + ", " + in + ", " + label + ")");
    }
    for (int round = 0; round < n; round++) {
      String[] next = new String[n];
      for (int v = 0; v < n; v++) {
        List<String> from = new ArrayList<>();
        List<String> to = new ArrayList<>();
        for (int w = 0; w < n; w++) {
          if (pruned.hasEdge(w, v)) {
            from.add(hashes[w]);
          }
          if (pruned.hasEdge(v, w)) {
            to.add(hashes[w]);
          }
        }
        next[v] = digest(md5, sorted(from) + "|" + sorted(to) + "|" + hashes[v]);
      }
      hashes = next;
    }
    Arrays.sort(hashes);
    return digest(md5, "['" + String.join("', '", hashes) + "']");
  }

  private static String sorted(List<String> hashes) {
    hashes.sort(null);
    return String.join("", hashes);
  }

  private static String digest(MessageDigest md5, String text) {
    return HexFormat.of().formatHex(md5.digest(text.getBytes(StandardCharsets.US_ASCII)));
  }

  private static MessageDigest md5() {
    try {
      return MessageDigest.getInstance("MD5");
    } catch (NoSuchAlgorithmException e) { // every Java platform has it
      throw new IllegalStateException(e);
    }
  }
}
