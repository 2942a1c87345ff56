// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IReportVerifier
/// @notice What is called of Chainlink's VerifierProxy for Data Streams.
interface IReportVerifier {
    /// @notice Requires that the signatures of a report are those of its oracle network.
    ///
    /// @dev Without a fee manager ether that is sent along stays there; with one, what exceeds the fee comes back from
    /// the fee manager to the caller.
    ///
    /// @param payload The signed report, as Data Streams serves it.
    /// @param parameterPayload `abi.encode(feeToken)` where there is a fee manager, else empty.
    /// @return verifierResponse What the oracles signed.
    function verify(
        bytes calldata payload,
        bytes calldata parameterPayload
    ) external payable returns (bytes memory verifierResponse);

    /// @notice Who takes the fee for a verification; zero where it is free.
    /// @return feeManager The fee manager.
    function s_feeManager() external view returns (address feeManager); // solhint-disable-line func-name-mixedcase
}
