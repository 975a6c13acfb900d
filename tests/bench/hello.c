/* The bare FastCGI program that the guard is measured against: libfcgi alone, a body of 100 bytes.
 */
#include <fcgiapp.h>

int
main(void)
{
	static const char answer[] =
	    "Status: 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 100\r\n\r\n"
	    "0123456789 123456789 123456789 123456789 123456789 "
	    "123456789 123456789 123456789 123456789 12345678\n";
	FCGX_Request request;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return 0;
}
