// Debian's static librdkafka refers to Cyrus SASL, for GSSAPI alone, which the command line does not offer, and of
// which there is no static library. These stand in for it, so that the binary needs no shared library for what it never
// calls.
extern "C" {

struct sasl_conn;

int sasl_client_init(const void*);
int sasl_client_new(const char*, const char*, const char*, const char*, const void*, unsigned, sasl_conn**);
int sasl_client_start(sasl_conn*, const char*, void**, const char**, unsigned*, const char**);
int sasl_client_step(sasl_conn*, const char*, unsigned, void**, const char**, unsigned*);
void sasl_dispose(sasl_conn**);
const char* sasl_errdetail(sasl_conn*);
const char* sasl_errstring(int, const char*, const char**);
int sasl_getprop(sasl_conn*, int, const void**);
int sasl_listmech(sasl_conn*, const char*, const char*, const char*, const char*, const char**, unsigned*, int*);

constexpr int sasl_ok = 0;
constexpr int sasl_no_mechanism = -4;

// librdkafka calls this one whenever it starts, whatever the mechanism.
int sasl_client_init(const void*) {
  return sasl_ok;
}
int sasl_client_new(const char*, const char*, const char*, const char*, const void*, unsigned, sasl_conn**) {
  return sasl_no_mechanism;
}
int sasl_client_start(sasl_conn*, const char*, void**, const char**, unsigned*, const char**) {
  return sasl_no_mechanism;
}
int sasl_client_step(sasl_conn*, const char*, unsigned, void**, const char**, unsigned*) {
  return sasl_no_mechanism;
}
void sasl_dispose(sasl_conn**) {}
const char* sasl_errdetail(sasl_conn*) {
  return "GSSAPI is not part of this program";
}
const char* sasl_errstring(int, const char*, const char**) {
  return "GSSAPI is not part of this program";
}
int sasl_getprop(sasl_conn*, int, const void**) {
  return sasl_no_mechanism;
}
int sasl_listmech(sasl_conn*, const char*, const char*, const char*, const char*, const char**, unsigned*, int*) {
  return sasl_no_mechanism;
}

}  // extern "C"
