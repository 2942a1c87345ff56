// SPDX-License-Identifier: MIT
pragma solidity ^0.8.28;

/// @title IReportFees
/// @notice What is read of Chainlink's FeeManager for Data Streams.
interface IReportFees {
    /// @notice The token that stands for ether as the means of payment.
    /// @return token The wrapped native token.
    function i_nativeAddress() external view returns (address token); // solhint-disable-line func-name-mixedcase
}
