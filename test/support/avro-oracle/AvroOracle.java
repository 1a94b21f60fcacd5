import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.apache.avro.Schema;
import org.apache.avro.SchemaCompatibility;

/**
 * Answers questions of compatibility with Avro's own library, one JSON line each.
 * Question: {"reader": [text, …], "writer": [text, …]}, each text may use the types of those before it; the last is the schema.
 * Answer: {"refused": "reader" | "writer", "message"}, {"exception": text}, or {"list": [[kind, path, message], …]}.
 */
public final class AvroOracle {
  private static final ObjectMapper json = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    var questions = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    var answers = new PrintStream(System.out, false, StandardCharsets.UTF_8);
    for (String line = questions.readLine(); line != null; line = questions.readLine())
      answers.println(json.writeValueAsString(answer(json.readTree(line))));
    answers.flush();
  }

  private static ObjectNode answer(JsonNode question) {
    ObjectNode answer = json.createObjectNode();
    Schema reader = parse(question, "reader", answer);
    Schema writer = reader == null ? null : parse(question, "writer", answer);
    if (writer == null) return answer;
    try {
      var result = SchemaCompatibility.checkReaderWriterCompatibility(reader, writer).getResult();
      ArrayNode list = answer.putArray("list");
      for (var one : result.getIncompatibilities())
        list.addArray().add(one.getType().name()).add(one.getLocation()).add(one.getMessage());
    } catch (RuntimeException thrown) {
      answer.put("exception", String.valueOf(thrown.getMessage()));
    }
    return answer;
  }

  /** Defaults stay unchecked, as a registry leaves them in versions that it holds. */
  private static Schema parse(JsonNode question, String side, ObjectNode answer) {
    try {
      Schema.Parser parser = new Schema.Parser().setValidateDefaults(false);
      Schema last = null;
      for (JsonNode text : question.get(side)) last = parser.parse(text.textValue());
      return last;
    } catch (RuntimeException thrown) {
      answer.put("refused", side).put("message", String.valueOf(thrown.getMessage()));
      return null;
    }
  }
}
