/* Loads a SQLite extension, reads statements from standard input, one a line, and prints the rows they give.
 *
 * The first line printed is how long loading took, in microseconds. Columns are separated by tabs. Exits with 3 if the
 * extension cannot be loaded, with 4 if a statement fails; standard error says why.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sqlite3.h"

static double microseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1e6 + now.tv_nsec / 1e3;
}

static void fail(int status, const char *message) {
  fprintf(stderr, "%s\n", message);
  exit(status);
}

static void load(sqlite3 *database, const char *extension) {
  char *message = NULL;
  double before = microseconds();
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 1, NULL);
  if (sqlite3_load_extension(database, extension, NULL, &message) != SQLITE_OK) fail(3, message);
  sqlite3_db_config(database, SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0, NULL);
  printf("%.0f\n", microseconds() - before);
}

static void run(sqlite3 *database, const char *sql) {
  sqlite3_stmt *statement;
  int column, status;
  if (sqlite3_prepare_v2(database, sql, -1, &statement, NULL) != SQLITE_OK) fail(4, sqlite3_errmsg(database));
  while ((status = sqlite3_step(statement)) == SQLITE_ROW) {
    for (column = 0; column < sqlite3_column_count(statement); column++) {
      printf("%s%s", column ? "\t" : "", (const char *)sqlite3_column_text(statement, column));
    }
    printf("\n");
  }
  if (status != SQLITE_DONE) fail(4, sqlite3_errmsg(database));
  sqlite3_finalize(statement);
}

int main(int count, char **arguments) {
  sqlite3 *database;
  char *line = NULL;
  size_t size = 0;
  if (count != 2) fail(2, "usage: probe EXTENSION <STATEMENTS");
  if (sqlite3_open(":memory:", &database) != SQLITE_OK) fail(4, sqlite3_errmsg(database));
  load(database, arguments[1]);
  while (getline(&line, &size, stdin) > 0) run(database, line);
  free(line);
  return sqlite3_close(database) == SQLITE_OK ? 0 : 4;
}
