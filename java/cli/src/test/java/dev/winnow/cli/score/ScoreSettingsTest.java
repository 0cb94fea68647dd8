package dev.winnow.cli.score;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.winnow.cli.config.Configuration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScoreSettingsTest {
  private static final Map<String, String> CALLED_OTHERWISE = Map.of("params", "parameters");

  @Test
  void everyScoreThatIsNamedCanBeMade() {
    ScoreSettings settings = settings("swap_regularised.mu=1", "swap_regularised.sigma=1");
    for (String name : ScoreSettings.NAMES) {
      assertEquals(CALLED_OTHERWISE.getOrDefault(name, name), settings.score(name).name());
    }
  }

  @Test
  void thePreferredSizeHasNoDefault() {
    for (String key : new String[] {"mu", "sigma"}) {
      ScoreSettings settings =
          settings(key.equals("mu") ? "swap_regularised.sigma=1" : "swap_regularised.mu=1");
      IllegalArgumentException mistake =
          assertThrows(IllegalArgumentException.class, () -> settings.score("swap_regularised"));
      String full = "swap_regularised." + key;
      assertEquals(
          full + " must be given, as in --set " + full + "=0.8: it has no default",
          mistake.getMessage());
    }
  }

  private static ScoreSettings settings(String... assignments) {
    Configuration configuration = new Configuration(ScoreSettings.SETTINGS);
    for (String assignment : assignments) {
      configuration.assign(assignment);
    }
    return new ScoreSettings(configuration);
  }
}
