@echo off
rem Runs the command line of Orbifold on Windows: finds a JDK, builds on first use and after edits, sets what libtorch
rem needs. docs\reference\launcher.md says what it reads and writes.
setlocal EnableExtensions DisableDelayedExpansion
set "HOME_DIR=%~dp0"
set "LIB=%HOME_DIR%cli\target\lib"
set "STAMP=%LIB%\built"

set "ARCH=%PROCESSOR_ARCHITECTURE%"
if defined PROCESSOR_ARCHITEW6432 set "ARCH=%PROCESSOR_ARCHITEW6432%"
if /i not "%ARCH%"=="AMD64" (
  echo orbifold: libtorch has no natives for this platform ^(Windows %ARCH%^). It has for Linux x86_64, macOS arm64 and Windows x86_64. 1>&2
  exit /b 3
)

set "JDK="
if defined ORBIFOLD_JAVA_HOME (
  call :accept "%ORBIFOLD_JAVA_HOME%"
  if not defined JDK (
    echo orbifold: ORBIFOLD_JAVA_HOME is %ORBIFOLD_JAVA_HOME%, which is not a JDK of version 25 or newer. 1>&2
    exit /b 3
  )
)
if not defined JDK if defined JAVA_HOME call :accept "%JAVA_HOME%"
if not defined JDK for /f "delims=" %%J in ('where java 2^>nul') do if not defined JDK call :accept "%%~dpJ.."
if not defined JDK for %%R in ("%ProgramFiles%\Eclipse Adoptium" "%ProgramFiles%\Java" "%ProgramFiles%\Microsoft" "%ProgramFiles%\Zulu" "%ProgramFiles%\Amazon Corretto" "%USERPROFILE%\.jdks" "%USERPROFILE%\scoop\apps") do (
  for /d %%D in ("%%~R\*") do if not defined JDK call :accept "%%~D"
)
if not defined JDK (
  echo orbifold: a JDK of version 25 or newer is needed, and none was found. 1>&2
  echo Get one, for example: winget install EclipseAdoptium.Temurin.25.JDK 1>&2
  echo or name one that is elsewhere: set ORBIFOLD_JAVA_HOME=C:\path\to\jdk 1>&2
  exit /b 3
)

rem Newer than the stamp: sources and poms. PowerShell compares times; cmd cannot.
set "BUILD="
if not exist "%STAMP%" set "BUILD=first use"
if not exist "%LIB%\orbifold.jar" set "BUILD=first use"
if not defined BUILD (
  powershell -NoProfile -Command "$t=(Get-Item -LiteralPath $env:STAMP).LastWriteTimeUtc; $n=@(Get-ChildItem -LiteralPath $env:HOME_DIR -Directory | ForEach-Object { Get-ChildItem -Path (Join-Path $_.FullName 'src\main') -Recurse -File -ErrorAction SilentlyContinue; Get-Item -Path (Join-Path $_.FullName 'pom.xml') -ErrorAction SilentlyContinue }; Get-Item -LiteralPath (Join-Path $env:HOME_DIR 'pom.xml')) | Where-Object { $_.LastWriteTimeUtc -gt $t } | Select-Object -First 1; if ($n) { exit 1 }"
  if errorlevel 1 set "BUILD=sources are newer than the build"
)
if defined BUILD (
  if not exist "%HOME_DIR%target" mkdir "%HOME_DIR%target"
  echo orbifold: %BUILD%: building ^(log: %HOME_DIR%target\build.log^) 1>&2
  call :build
  if errorlevel 1 (
    echo orbifold: the build failed; the log is %HOME_DIR%target\build.log 1>&2
    exit /b 3
  )
)

if not defined OMP_WAIT_POLICY if not defined GOMP_SPINCOUNT set "OMP_WAIT_POLICY=passive"

set "MODULES="
for %%C in (demo compress train resume) do if /i "%~1"=="%%C" set "MODULES=--add-modules jdk.incubator.vector"
"%JDK%\bin\java.exe" %MODULES% -Xlog:disable -Xlog:all=warning:stderr -XX:+UnlockDiagnosticVMOptions -XX:+DisplayVMOutputToStderr --enable-native-access=ALL-UNNAMED --sun-misc-unsafe-memory-access=allow "-Dorbifold.command=%~0" -Dorg.bytedeco.javacpp.nopointergc=true -Dorg.bytedeco.javacpp.maxPhysicalBytes=0 %ORBIFOLD_JAVA_OPTIONS% -jar "%LIB%\orbifold.jar" %*
exit /b %ERRORLEVEL%

:build
setlocal
set "JAVA_HOME=%JDK%"
type nul > "%HOME_DIR%target\begun"
pushd "%HOME_DIR%"
call mvnw.cmd -B -Dquick -DskipTests -pl cli -am package > "%HOME_DIR%target\build.log" 2>&1
set "STATUS=%ERRORLEVEL%"
popd
if not "%STATUS%"=="0" exit /b 1
if not exist "%LIB%\orbifold.jar" exit /b 1
move /y "%HOME_DIR%target\begun" "%STAMP%" > nul
exit /b 0

:accept
if not exist "%~1\bin\javac.exe" exit /b 0
for /f "usebackq tokens=2 delims==" %%V in (`findstr /b "JAVA_VERSION=" "%~1\release" 2^>nul`) do (
  for /f "tokens=1 delims=.-+" %%M in ("%%~V") do if %%M GEQ 25 set "JDK=%~f1"
)
exit /b 0
