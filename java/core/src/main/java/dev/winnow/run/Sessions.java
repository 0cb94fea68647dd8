package dev.winnow.run;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.winnow.file.WholeFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** The sessions of a run, {@code run.json}: a resumed run has more than one. */
record Sessions(List<Session> sessions) {

  /**
   * One process's part in a run.
   *
   * @param started UTC
   * @param ended UTC; empty when it was interrupted
   * @param facts provenance
   */
  record Session(String started, String ended, Map<String, String> facts) {}

  /** Those of a file; none where there is no file. */
  static Sessions read(Path file) {
    if (!Files.exists(file)) {
      return new Sessions(new ArrayList<>());
    }
    try {
      JsonNode json = RunFormat.JSON.readTree(WholeFile.read(file));
      RunFormat.checkVersion(json.get("format"), file);
      List<Session> sessions = new ArrayList<>();
      for (JsonNode session : json.path("sessions")) {
        sessions.add(RunFormat.JSON.treeToValue(session, Session.class));
      }
      return new Sessions(sessions);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          file + ": not a list of sessions: " + e.getOriginalMessage(), e);
    }
  }

  void endLast(String time) {
    Session last = sessions.remove(sessions.size() - 1);
    sessions.add(new Session(last.started(), time, last.facts()));
  }

  void write(Path file) {
    ObjectNode json = RunFormat.JSON.createObjectNode().put("format", RunFormat.VERSION);
    json.set("sessions", RunFormat.JSON.valueToTree(sessions));
    try {
      WholeFile.write(file, RunFormat.pretty().writeValueAsString(json) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("sessions of plain texts are always JSON", e);
    }
  }
}
