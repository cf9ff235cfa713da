/*
 * The external scanner of `.adal` files: texts, the Jinja tags inside templates, and the zero-width tokens that fill
 * the gaps of unfinished code and keep a broken declaration from taking its neighbours down.
 *
 * Where a text ends is decided before anything that it holds: a quotation mark inside a Jinja tag closes the text, not
 * the other way round. Every decision is made from the serialized state and the characters ahead, never from memory,
 * so that an incremental parse gives the same tree as a full one.
 */

#include "tree_sitter/parser.h"

#include <stddef.h>
#include <string.h>

// The order of `externals` in grammar.js.
enum Token {
  NO_TOKEN, // `comment`: the generated lexer reads it; as an external it makes the parser ask here in every state
  CUT,
  IN_FILE, // never emitted, like the next two: valid where a declaration may start, ...
  IN_BODY, // ... an item of a prompt, a retriever or an agent, ...
  IN_BLOCK, // ... or of a pipeline
  STRING_START,
  STRING_END,
  STRING_UNCLOSED,
  STRING_CONTENT,
  TEMPLATE_CONTENT,
  ESCAPE_SEQUENCE,
  INTERPOLATION_START,
  INTERPOLATION_END,
  STATEMENT_START,
  STATEMENT_END,
  JINJA_UNCLOSED,
  JINJA_COMMENT,
  JINJA_NAME,
  JINJA_STRING,
  JINJA_NUMBER,
  JINJA_OPERATOR,
  CUT_PARAMETERS,
  CUT_PARENTHESIS,
  CUT_BRACKET,
  MISSING_VALUE,
  MISSING_TYPE,
  MISSING_RETURNS,
  MISSING_NAME,
  MISSING_MEMBER,
  MISSING_PARAMETERS,
  MISSING_EQUALS,
  MISSING_ASSIGNMENT,
  MISSING_BRACE,
  MISSING_OF,
  MISSING_REST,
  ERROR_SENTINEL,
};

typedef enum { OUTSIDE, IN_TEXT, IN_INTERPOLATION, IN_STATEMENT } Mode;

typedef enum {
  QUOTED, // `"..."`: one line, with escapes
  FENCED, // `"""..."""`: closes at the first run of as many quotes; runs over lines only where that run is missing
  BLOCK,  // the opening fence ends its line, the closing one stands first on a later line
} Form;

// What is known of the end of a text at the place where the last token ended.
typedef enum { GOES_ON, CLOSES, BREAKS_OFF } Fate;

// How much of a statement has been read: `{% raw %}` is the one whose words matter here.
typedef enum { NO_WORDS, ONLY_RAW, OTHER_WORDS } Words;

enum { MAX_FENCE = 255, MAX_DEPTH = 64, MAX_COMMENT_LINES = 64 };

typedef struct {
  uint8_t mode;
  uint8_t form;
  uint8_t fence; // how many quotes open and close the text
  uint8_t fate;
  uint8_t is_template;
  uint8_t in_raw;         // between `{% raw %}` and `{% endraw %}`
  uint8_t has_no_comment; // no `#}` stands between here and the end of the text
  uint8_t words;
  uint8_t depth; // open brackets inside a tag
  char brackets[MAX_DEPTH];
} Scanner;

enum { HEADER_SIZE = offsetof(Scanner, brackets) };

void *tree_sitter_adal_external_scanner_create(void) { return calloc(1, sizeof(Scanner)); }

void tree_sitter_adal_external_scanner_destroy(void *payload) { free(payload); }

unsigned tree_sitter_adal_external_scanner_serialize(void *payload, char *buffer) {
  const Scanner *scanner = payload;
  if (scanner->mode == OUTSIDE) {
    return 0;
  }
  unsigned size = HEADER_SIZE + scanner->depth;
  memcpy(buffer, scanner, size);
  return size;
}

void tree_sitter_adal_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  Scanner *scanner = payload;
  memset(scanner, 0, sizeof *scanner);
  if (length >= HEADER_SIZE && length <= sizeof *scanner) {
    memcpy(scanner, buffer, length);
  }
}

// ---- characters

static bool is_newline(int32_t c) { return c == '\n' || c == '\r'; }

static bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\v' || c == '\f'; }

static bool is_digit(int32_t c) { return c >= '0' && c <= '9'; }

static bool is_hex_digit(int32_t c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Beyond ASCII every character that is no space may stand in a name; the language checks names more closely later.
static bool is_name_start(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
         (c > 0xA0 && c != 0xFEFF && c != 0x1680 && !(c >= 0x2000 && c <= 0x206F) && c != 0x3000);
}

static bool is_name_part(int32_t c) { return is_name_start(c) || is_digit(c); }

static bool is_outside_space(int32_t c) { return is_blank(c) || is_newline(c) || c == 0xA0 || c == 0xFEFF; }

static void advance(TSLexer *lexer) { lexer->advance(lexer, false); }

static void skip(TSLexer *lexer) { lexer->advance(lexer, true); }

static bool emit(TSLexer *lexer, enum Token token) {
  lexer->result_symbol = token;
  return true;
}

static bool emit_here(TSLexer *lexer, enum Token token) {
  lexer->mark_end(lexer);
  return emit(lexer, token);
}

// Reads a run of quotes, at most `limit` of them.
static unsigned read_quotes(TSLexer *lexer, unsigned limit) {
  unsigned count = 0;
  while (count < limit && lexer->lookahead == '"') {
    advance(lexer);
    count++;
  }
  return count;
}

// Reads a run of ASCII letters into `word`; one that does not fit is cut, and equals no keyword then.
static void read_word(TSLexer *lexer, char *word, unsigned size) {
  unsigned length = 0;
  while (lexer->lookahead >= 'a' && lexer->lookahead <= 'z' && length + 1 < size) {
    word[length++] = (char)lexer->lookahead;
    advance(lexer);
  }
  word[length] = '\0';
}

static bool is_one_of(const char *word, const char *const *words) {
  while (*words && strcmp(word, *words) != 0) {
    words++;
  }
  return *words != NULL;
}

// ---- outside texts

static const char *const keywords[] = {"model",    "type",    "prompt", "retriever", "tool",   "agent",
                                       "pipeline", "dataset", "eval",   "optimize",  "import", NULL};
static const char *const items[] = {"param", "demos", "return", "repeat", NULL};
static const char *const operators[] = {"and", "or", "not", "in", "of", "for", "if", "until", "match", NULL};

// A line's first words, as far as they tell what the line is.
typedef struct {
  bool is_declaration; // a keyword alone, `import` and a path, or two words, be the keyword mistyped
  bool is_binding;     // a name and `=`
  bool is_field;       // a name and `:`
  bool is_item;        // a keyword of a body, and what it begins
  bool is_param;
  bool is_of;
  uint32_t width; // of the first word and the blanks behind it
} Line;

// The lexer stands at the start of a name.
static Line read_line(TSLexer *lexer) {
  char word[16];
  read_word(lexer, word, sizeof word);
  Line line = {.width = (uint32_t)strlen(word)};
  while (is_name_part(lexer->lookahead)) {
    word[0] = '\0';
    advance(lexer);
    line.width++;
  }
  bool is_spaced = is_blank(lexer->lookahead);
  while (is_blank(lexer->lookahead)) {
    advance(lexer);
    line.width++;
  }
  int32_t next = lexer->lookahead;
  bool is_value_next = is_name_start(next) || is_digit(next) || next == '"';
  line.is_item = is_spaced && is_one_of(word, items) && is_value_next;
  line.is_param = line.is_item && strcmp(word, "param") == 0;
  line.is_of = strcmp(word, "of") == 0;
  line.is_field = next == ':';
  if (next == '=') {
    advance(lexer);
    line.is_binding = lexer->lookahead != '=';
  }
  if (is_one_of(word, keywords) && (is_newline(next) || next == '#' || lexer->eof(lexer))) {
    line.is_declaration = true;
  } else if (strcmp(word, "import") == 0) {
    line.is_declaration = is_spaced && next == '"';
  } else if (is_spaced && is_name_start(next) && !line.is_item && !is_one_of(word, operators)) {
    read_word(lexer, word, sizeof word);
    line.is_declaration = is_name_part(lexer->lookahead) || !is_one_of(word, operators);
  }
  return line;
}

static bool scan_string_start(Scanner *scanner, TSLexer *lexer) {
  advance(lexer);
  lexer->mark_end(lexer);
  unsigned quotes = 1 + read_quotes(lexer, 2);
  scanner->mode = IN_TEXT;
  if (quotes < 3) {
    scanner->form = QUOTED;
    scanner->fence = 1;
    return emit(lexer, STRING_START);
  }
  lexer->mark_end(lexer);
  quotes += read_quotes(lexer, 3);
  if (quotes == 6 && lexer->lookahead != '"') {
    scanner->form = FENCED; // `""""""` is the empty text, not a fence of six
    scanner->fence = 3;
    return emit(lexer, STRING_START);
  }
  quotes += read_quotes(lexer, MAX_FENCE - quotes);
  lexer->mark_end(lexer);
  while (is_blank(lexer->lookahead)) {
    advance(lexer);
  }
  scanner->form = is_newline(lexer->lookahead) || lexer->eof(lexer) ? BLOCK : FENCED;
  scanner->fence = (uint8_t)quotes;
  return emit(lexer, STRING_START);
}

// The lexer stands at a `{` where a type must stand: whether it opens a body, whose first item is no field.
static bool reads_as_body(TSLexer *lexer) {
  do {
    advance(lexer);
  } while (is_outside_space(lexer->lookahead));
  if (!is_name_start(lexer->lookahead)) {
    return false;
  }
  Line line = read_line(lexer);
  return line.is_binding || line.is_item;
}

// A zero-width token, and whether what comes next asks for it.
typedef struct {
  enum Token token;
  bool fits;
} Gap;

static enum Token first_gap(const bool *valid, const Gap *gaps, unsigned count) {
  for (unsigned i = 0; i < count; i++) {
    if (gaps[i].fits && valid[gaps[i].token]) {
      return gaps[i].token;
    }
  }
  return NO_TOKEN;
}

// The gap that is filled before a declaration at column 0, or before the file's end.
static enum Token gap_before_declaration(const bool *valid) {
  static const Gap gaps[] = {
      {CUT, true},
      {MISSING_VALUE, true},
      {MISSING_TYPE, true},
      {MISSING_RETURNS, true},
      {MISSING_NAME, true},
      {MISSING_MEMBER, true},
  };
  return first_gap(valid, gaps, sizeof gaps / sizeof *gaps);
}

// The gap that is filled before a character that cannot start what must stand here.
static enum Token gap_before_character(const bool *valid, int32_t c, bool is_new_line) {
  bool ends = c == ')' || c == ']' || c == '}' || c == ',';
  bool starts_value = c == '"' || c == '[' || c == '{' || is_digit(c);
  const Gap gaps[] = {
      {MISSING_VALUE, ends},
      {MISSING_TYPE, ends || c == '='},
      {MISSING_RETURNS, ends || c == '='},
      {MISSING_NAME, !is_name_start(c)},
      {MISSING_MEMBER, !is_name_start(c)},
      {MISSING_PARAMETERS, c != '('},
      {MISSING_OF, !is_name_start(c)},
      {MISSING_EQUALS, starts_value && !is_new_line},
      {MISSING_ASSIGNMENT, c == '"' && !is_new_line},
      {MISSING_REST, ends},
      {CUT_PARAMETERS, c == '{' || c == '-' || c == ']' || c == '}'},
      {CUT_PARENTHESIS, c == ']' || c == '}'},
      {CUT_BRACKET, c == ')' || c == '}'},
  };
  return first_gap(valid, gaps, sizeof gaps / sizeof *gaps);
}

// The gap that is filled before words that cannot be what must stand here.
static enum Token gap_before_words(const bool *valid, Line line, bool is_new_line) {
  bool starts_item = is_new_line && (line.is_binding || line.is_item);
  bool starts_field = is_new_line && line.is_field;
  bool starts_value = !is_new_line && !line.is_binding && !line.is_field;
  const Gap gaps[] = {
      {MISSING_VALUE, starts_item || starts_field},
      {MISSING_TYPE, starts_field},
      {MISSING_MEMBER, starts_item || starts_field},
      {MISSING_PARAMETERS, true},
      {MISSING_OF, !line.is_of},
      {MISSING_EQUALS, starts_value},
      {MISSING_ASSIGNMENT, starts_value},
      {MISSING_BRACE, starts_item},
      {MISSING_REST, starts_item || starts_field},
      {CUT_PARAMETERS, is_new_line && line.is_item},
      {CUT_PARENTHESIS, is_new_line && line.is_item},
      {CUT_BRACKET, starts_item},
  };
  return first_gap(valid, gaps, sizeof gaps / sizeof *gaps);
}

// Gaps stand behind the last token, so that the comments above a declaration stay its own. A declaration at column 0 is
// announced where the parser cannot use it too: it then gives up what it was reading. A `param` may be a body's own.
static bool scan_outside(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  bool is_recovering = valid[ERROR_SENTINEL];
  enum Token cut = is_recovering ? NO_TOKEN : gap_before_declaration(valid);
  bool is_new_line = false;
  bool is_line_start = false;
  unsigned comments = 0;
  lexer->mark_end(lexer);
  for (;;) {
    while (is_outside_space(lexer->lookahead)) {
      is_line_start = is_newline(lexer->lookahead);
      is_new_line = is_new_line || is_line_start;
      skip(lexer);
    }
    if (lexer->lookahead != '#' || !is_line_start || cut == NO_TOKEN || comments++ == MAX_COMMENT_LINES) {
      break;
    }
    while (!is_newline(lexer->lookahead) && !lexer->eof(lexer)) {
      skip(lexer);
    }
  }

  int32_t c = lexer->lookahead;
  if (lexer->eof(lexer)) {
    return cut != NO_TOKEN && emit(lexer, cut);
  }
  if (c == '#') {
    return false;
  }
  bool fills_gaps = !is_recovering && comments == 0;
  enum Token gap = fills_gaps ? gap_before_character(valid, c, is_new_line) : NO_TOKEN;
  if (gap != NO_TOKEN) {
    return emit(lexer, gap);
  }
  if (c == '{' && fills_gaps && valid[MISSING_RETURNS]) {
    return reads_as_body(lexer) && emit(lexer, MISSING_RETURNS);
  }
  if (c == '"') {
    return comments == 0 && valid[STRING_START] && scan_string_start(scanner, lexer);
  }
  if (!is_name_start(c)) {
    return false;
  }

  if (cut == NO_TOKEN) {
    lexer->mark_end(lexer);
  }
  Line line = read_line(lexer);
  bool is_declaration = line.is_declaration || (line.is_param && cut != NO_TOKEN && !valid[IN_BODY]);
  if (is_declaration && !is_new_line) {
    // After a zero-width token at column 0 the line end lies behind; the column is looked up then only, being slow.
    is_line_start = lexer->get_column(lexer) == line.width;
  }
  if (is_declaration && is_line_start) {
    bool is_expected = cut == NO_TOKEN && !is_recovering && valid[IN_FILE];
    return !is_expected && emit(lexer, cut == NO_TOKEN ? CUT : cut);
  }
  gap = fills_gaps ? gap_before_words(valid, line, is_new_line) : NO_TOKEN;
  return gap != NO_TOKEN && emit(lexer, gap);
}

// ---- inside texts

// Crosses a line end, the blank lines after it and the indentation of the next line, and says whether the text ends
// there. With `mark`, the token's end moves to a closing fence. `quotes` tells how many quotes of that next line were
// read on the way, which are the text's own where it goes on.
static Fate cross_lines(const Scanner *scanner, TSLexer *lexer, bool mark, unsigned *quotes) {
  bool at_column_0 = true;
  while (is_newline(lexer->lookahead) || is_blank(lexer->lookahead)) {
    at_column_0 = is_newline(lexer->lookahead);
    lexer->advance(lexer, !mark);
  }
  *quotes = 0;
  if (lexer->eof(lexer)) {
    return BREAKS_OFF;
  }
  if (lexer->lookahead == '"' && (scanner->form == BLOCK || at_column_0)) {
    if (mark) {
      lexer->mark_end(lexer);
    }
    *quotes = read_quotes(lexer, scanner->fence + 1u);
    if (*quotes == scanner->fence || (scanner->form == FENCED && *quotes > scanner->fence)) {
      return CLOSES;
    }
  }
  return at_column_0 ? BREAKS_OFF : GOES_ON;
}

static enum Token content_token(const Scanner *scanner) {
  return scanner->is_template ? TEMPLATE_CONTENT : STRING_CONTENT;
}

static bool leave_text(Scanner *scanner, TSLexer *lexer, enum Token token) {
  memset(scanner, 0, sizeof *scanner);
  return emit(lexer, token);
}

static void enter_tag(Scanner *scanner, Mode mode) {
  scanner->mode = mode;
  scanner->words = NO_WORDS;
  scanner->depth = 0;
}

static void leave_tag(Scanner *scanner) {
  scanner->in_raw = scanner->mode == IN_STATEMENT && scanner->words == ONLY_RAW;
  scanner->mode = IN_TEXT;
  scanner->words = NO_WORDS;
  scanner->depth = 0;
}

static bool scan_escape_sequence(TSLexer *lexer) {
  advance(lexer);
  if (is_newline(lexer->lookahead) || lexer->eof(lexer)) {
    return emit_here(lexer, ESCAPE_SEQUENCE);
  }
  bool is_code_point = lexer->lookahead == 'u';
  advance(lexer);
  lexer->mark_end(lexer);
  if (is_code_point && lexer->lookahead == '{') {
    do {
      advance(lexer);
    } while (is_hex_digit(lexer->lookahead));
    if (lexer->lookahead == '}') {
      advance(lexer);
      lexer->mark_end(lexer);
    }
  } else if (is_code_point) {
    for (unsigned digits = 0; digits < 4 && is_hex_digit(lexer->lookahead); digits++) {
      advance(lexer);
    }
    lexer->mark_end(lexer);
  }
  return emit(lexer, ESCAPE_SEQUENCE);
}

// `{#` has been read. A comment that the text ends before is no comment.
static bool scan_jinja_comment(Scanner *scanner, TSLexer *lexer) {
  advance(lexer);
  lexer->mark_end(lexer);
  while (!lexer->eof(lexer)) {
    unsigned quotes = 0;
    if (is_newline(lexer->lookahead)) {
      if (scanner->form == QUOTED || cross_lines(scanner, lexer, true, &quotes) != GOES_ON) {
        break;
      }
    } else if (lexer->lookahead == '"' && scanner->form != BLOCK) {
      if (read_quotes(lexer, scanner->fence) == scanner->fence) {
        break;
      }
    } else if (lexer->lookahead == '\\' && scanner->form == QUOTED) {
      advance(lexer);
      if (!is_newline(lexer->lookahead)) {
        advance(lexer);
      }
    } else if (lexer->lookahead == '#') {
      advance(lexer);
      if (lexer->lookahead == '}') {
        advance(lexer);
        return emit_here(lexer, JINJA_COMMENT);
      }
    } else {
      advance(lexer);
    }
  }
  scanner->has_no_comment = true;
  return emit(lexer, TEMPLATE_CONTENT);
}

// `{` has been read and `{` or `%` is next.
static bool scan_tag_start(Scanner *scanner, TSLexer *lexer) {
  Mode mode = lexer->lookahead == '%' ? IN_STATEMENT : IN_INTERPOLATION;
  advance(lexer);
  if (lexer->lookahead == '-' || lexer->lookahead == '+') {
    advance(lexer);
  }
  enter_tag(scanner, mode);
  return emit_here(lexer, mode == IN_STATEMENT ? STATEMENT_START : INTERPOLATION_START);
}

// `{` has been read inside a raw section and `%` is next. Marks the token's end behind the delimiter.
static bool read_end_of_raw(TSLexer *lexer) {
  advance(lexer);
  if (lexer->lookahead == '-' || lexer->lookahead == '+') {
    advance(lexer);
  }
  lexer->mark_end(lexer);
  while (is_blank(lexer->lookahead)) {
    advance(lexer);
  }
  char word[8];
  read_word(lexer, word, sizeof word);
  return strcmp(word, "endraw") == 0 && !is_name_part(lexer->lookahead);
}

// The text ends here, as `fate` says, with its closing quotes read. What stands before the end is a token of its own.
static bool end_content(Scanner *scanner, TSLexer *lexer, Fate fate, bool has_content) {
  if (has_content) {
    scanner->fate = fate;
    return emit(lexer, content_token(scanner));
  }
  if (fate == CLOSES) {
    lexer->mark_end(lexer);
  }
  return leave_text(scanner, lexer, fate == CLOSES ? STRING_END : STRING_UNCLOSED);
}

static bool scan_text(Scanner *scanner, TSLexer *lexer, const bool *valid) {
  if (valid[TEMPLATE_CONTENT] != valid[STRING_CONTENT]) {
    scanner->is_template = valid[TEMPLATE_CONTENT];
  }
  lexer->mark_end(lexer);
  if (scanner->fate == CLOSES) {
    read_quotes(lexer, scanner->fence);
    lexer->mark_end(lexer);
    return leave_text(scanner, lexer, STRING_END);
  }
  if (scanner->fate == BREAKS_OFF) {
    return leave_text(scanner, lexer, STRING_UNCLOSED);
  }

  bool has_content = false;
  for (;;) {
    int32_t c = lexer->lookahead;
    if (lexer->eof(lexer)) {
      lexer->mark_end(lexer);
      return end_content(scanner, lexer, BREAKS_OFF, has_content);
    }
    if (is_newline(c)) {
      lexer->mark_end(lexer);
      if (scanner->form == QUOTED) {
        return end_content(scanner, lexer, BREAKS_OFF, has_content);
      }
      unsigned quotes = 0;
      Fate fate = cross_lines(scanner, lexer, true, &quotes);
      has_content = has_content || quotes > 0 || fate == GOES_ON;
      if (fate == CLOSES && quotes > scanner->fence) {
        return emit(lexer, content_token(scanner)); // more quotes than the fence: the first of them are text
      }
      if (fate != GOES_ON) {
        return end_content(scanner, lexer, fate, has_content);
      }
    } else if (c == '"' && scanner->form == QUOTED) {
      lexer->mark_end(lexer);
      advance(lexer);
      return end_content(scanner, lexer, CLOSES, has_content);
    } else if (c == '"' && scanner->form == FENCED) {
      // The last quotes of a run close the text; those before them are text, one token each.
      lexer->mark_end(lexer);
      advance(lexer);
      if (!has_content) {
        lexer->mark_end(lexer);
      }
      unsigned quotes = 1 + read_quotes(lexer, scanner->fence);
      if (quotes > scanner->fence) {
        return emit(lexer, content_token(scanner));
      }
      if (quotes == scanner->fence) {
        return end_content(scanner, lexer, CLOSES, has_content);
      }
      has_content = true;
    } else if (c == '\\' && scanner->form == QUOTED) {
      if (!has_content) {
        return scan_escape_sequence(lexer);
      }
      return emit_here(lexer, content_token(scanner));
    } else if (c == '{' && scanner->is_template) {
      lexer->mark_end(lexer);
      advance(lexer);
      int32_t next = lexer->lookahead;
      bool is_tag = scanner->in_raw ? next == '%'
                                    : next == '{' || next == '%' || (next == '#' && !scanner->has_no_comment);
      if (is_tag && has_content) {
        return emit(lexer, TEMPLATE_CONTENT);
      }
      if (is_tag && scanner->in_raw) {
        if (read_end_of_raw(lexer)) {
          scanner->in_raw = false;
          enter_tag(scanner, IN_STATEMENT);
          return emit(lexer, STATEMENT_START);
        }
      } else if (is_tag && next == '#') {
        return scan_jinja_comment(scanner, lexer);
      } else if (is_tag) {
        return scan_tag_start(scanner, lexer);
      }
      has_content = true;
    } else {
      advance(lexer);
      has_content = true;
    }
  }
}

// ---- inside Jinja tags

static bool leave_unclosed_tag(Scanner *scanner, TSLexer *lexer) {
  leave_tag(scanner);
  scanner->in_raw = false;
  return emit(lexer, JINJA_UNCLOSED);
}

static bool emit_tag_end(Scanner *scanner, TSLexer *lexer) {
  enum Token token = scanner->mode == IN_STATEMENT ? STATEMENT_END : INTERPOLATION_END;
  leave_tag(scanner);
  return emit_here(lexer, token);
}

static bool emit_word(Scanner *scanner, TSLexer *lexer, enum Token token) {
  scanner->words = OTHER_WORDS;
  return emit(lexer, token);
}

// The opening quote has been read. A string that does not end on its line is no string: its quote is a token alone, so
// that an apostrophe typed into a tag does not take the rest of the text with it. `is_escaped`: the quotes are `\"`.
static bool scan_jinja_string(Scanner *scanner, TSLexer *lexer, int32_t quote, bool is_escaped) {
  lexer->mark_end(lexer);
  while (!is_newline(lexer->lookahead) && !lexer->eof(lexer)) {
    int32_t c = lexer->lookahead;
    if (c == '"' && scanner->form == QUOTED) {
      break;
    }
    if (c == '"' && scanner->form == FENCED) {
      if (read_quotes(lexer, scanner->fence) == scanner->fence) {
        break;
      }
      if (quote == '"') {
        lexer->mark_end(lexer);
        return emit_word(scanner, lexer, JINJA_STRING);
      }
    } else if (c == '\\') {
      advance(lexer);
      if (is_escaped && lexer->lookahead == '"') {
        advance(lexer);
        lexer->mark_end(lexer);
        return emit_word(scanner, lexer, JINJA_STRING);
      }
      if (lexer->lookahead == '"' && scanner->form == FENCED) {
        unsigned quotes = read_quotes(lexer, scanner->fence);
        if (quotes == scanner->fence) {
          break;
        }
        if (quotes > 1 && quote == '"') {
          lexer->mark_end(lexer);
        return emit_word(scanner, lexer, JINJA_STRING);
        }
      } else if (!is_newline(lexer->lookahead) && !lexer->eof(lexer)) {
        advance(lexer);
      }
    } else {
      advance(lexer);
      if (c == quote && !is_escaped) {
        lexer->mark_end(lexer);
        return emit_word(scanner, lexer, JINJA_STRING);
      }
    }
  }
  return emit_word(scanner, lexer, JINJA_OPERATOR);
}

// Whether the digits just read end in the `e` of an exponent.
static bool read_digits(TSLexer *lexer) {
  bool is_exponent = false;
  while (is_name_part(lexer->lookahead)) {
    is_exponent = lexer->lookahead == 'e' || lexer->lookahead == 'E';
    advance(lexer);
  }
  lexer->mark_end(lexer);
  return is_exponent;
}

static bool scan_jinja_number(Scanner *scanner, TSLexer *lexer) {
  bool is_exponent = read_digits(lexer);
  if (lexer->lookahead == '.') {
    advance(lexer);
    is_exponent = is_digit(lexer->lookahead) && read_digits(lexer);
  }
  if (is_exponent && (lexer->lookahead == '-' || lexer->lookahead == '+')) {
    advance(lexer);
    if (is_digit(lexer->lookahead)) {
      read_digits(lexer);
    }
  }
  return emit_word(scanner, lexer, JINJA_NUMBER);
}

static bool scan_jinja_name(Scanner *scanner, TSLexer *lexer) {
  char word[5];
  read_word(lexer, word, sizeof word);
  bool is_raw = strcmp(word, "raw") == 0 && !is_name_part(lexer->lookahead);
  while (is_name_part(lexer->lookahead)) {
    advance(lexer);
  }
  scanner->words = is_raw && scanner->words == NO_WORDS ? ONLY_RAW : OTHER_WORDS;
  return emit_here(lexer, JINJA_NAME);
}

static void open_bracket(Scanner *scanner, char bracket) {
  if (scanner->depth < MAX_DEPTH) {
    scanner->brackets[scanner->depth++] = bracket;
  }
}

static bool close_bracket(Scanner *scanner, char bracket) {
  if (scanner->depth > 0 && scanner->brackets[scanner->depth - 1] == bracket) {
    scanner->depth--;
    return true;
  }
  return false;
}

// Operators and delimiters. A tag ends at either kind of closing delimiter, so that a mistyped one costs one tag only;
// `}}` does so unless a `{` of the tag's own is open.
static bool scan_jinja_operator(Scanner *scanner, TSLexer *lexer) {
  int32_t c = lexer->lookahead;
  advance(lexer);
  if (c == '{' && (lexer->lookahead == '{' || lexer->lookahead == '%' || lexer->lookahead == '#')) {
    return leave_unclosed_tag(scanner, lexer); // no expression holds these: the next tag starts here
  }
  lexer->mark_end(lexer);
  switch (c) {
  case '(':
  case '[':
  case '{':
    open_bracket(scanner, (char)c);
    break;
  case ')':
    close_bracket(scanner, '(');
    break;
  case ']':
    close_bracket(scanner, '[');
    break;
  case '}':
    if (!close_bracket(scanner, '{') && lexer->lookahead == '}') {
      advance(lexer);
      return emit_tag_end(scanner, lexer);
    }
    break;
  case '%':
    if (lexer->lookahead == '}') {
      advance(lexer);
      return emit_tag_end(scanner, lexer);
    }
    break;
  case '-':
  case '+':
    if (lexer->lookahead == '}' || lexer->lookahead == '%') {
      advance(lexer);
      if (lexer->lookahead == '}') {
        advance(lexer);
        return emit_tag_end(scanner, lexer);
      }
    }
    break;
  case '=':
  case '!':
  case '<':
  case '>':
    if (lexer->lookahead == '=') {
      advance(lexer);
      lexer->mark_end(lexer);
    }
    break;
  case '/':
  case '*':
    if (lexer->lookahead == c) {
      advance(lexer);
      lexer->mark_end(lexer);
    }
    break;
  default:
    break;
  }
  return emit_word(scanner, lexer, JINJA_OPERATOR);
}

static bool scan_tag(Scanner *scanner, TSLexer *lexer) {
  lexer->mark_end(lexer);
  unsigned quotes = 0;
  while (quotes == 0 && (is_newline(lexer->lookahead) || is_blank(lexer->lookahead))) {
    if (is_blank(lexer->lookahead)) {
      skip(lexer);
    } else if (scanner->form == QUOTED || cross_lines(scanner, lexer, false, &quotes) != GOES_ON) {
      return leave_unclosed_tag(scanner, lexer);
    }
  }
  if (quotes == 0 && lexer->eof(lexer)) {
    return leave_unclosed_tag(scanner, lexer);
  }
  if (quotes == 0 && lexer->lookahead == '"') {
    quotes = read_quotes(lexer, scanner->form == BLOCK ? 1 : scanner->fence);
    if (scanner->form != BLOCK && quotes == scanner->fence) {
      return leave_unclosed_tag(scanner, lexer);
    }
  }

  if (quotes > 1) {
    lexer->mark_end(lexer);
    return emit_word(scanner, lexer, JINJA_STRING);
  }
  if (quotes == 1) {
    return scan_jinja_string(scanner, lexer, '"', false);
  }
  if (lexer->lookahead == '\'') {
    advance(lexer);
    return scan_jinja_string(scanner, lexer, '\'', false);
  }
  if (lexer->lookahead == '\\' && scanner->form == QUOTED) {
    advance(lexer);
    if (lexer->lookahead == '"') {
      advance(lexer);
      return scan_jinja_string(scanner, lexer, '"', true);
    }
    lexer->mark_end(lexer);
    return emit_word(scanner, lexer, JINJA_OPERATOR);
  }
  if (is_digit(lexer->lookahead)) {
    return scan_jinja_number(scanner, lexer);
  }
  if (is_name_start(lexer->lookahead)) {
    return scan_jinja_name(scanner, lexer);
  }
  return scan_jinja_operator(scanner, lexer);
}

bool tree_sitter_adal_external_scanner_scan(void *payload, TSLexer *lexer, const bool *valid_symbols) {
  Scanner *scanner = payload;
  switch ((Mode)scanner->mode) {
  case IN_TEXT:
    return scan_text(scanner, lexer, valid_symbols);
  case IN_INTERPOLATION:
  case IN_STATEMENT:
    return scan_tag(scanner, lexer);
  case OUTSIDE:
  default:
    return scan_outside(scanner, lexer, valid_symbols);
  }
}
