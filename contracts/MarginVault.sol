// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IMarginVaultState} from "./interfaces/IMarginVaultState.sol";
import {IMarketFactory, MarketAddresses} from "./interfaces/IMarketFactory.sol";
import {IOracle} from "./interfaces/IOracle.sol";
import {IReserveLedger} from "./interfaces/IReserveLedger.sol";
import {ParameterBounds} from "./libraries/ParameterBounds.sol";
import {TermsMath} from "./libraries/TermsMath.sol";
import {TokenScale} from "./libraries/TokenScale.sol";
import {BatchModule} from "./modules/BatchModule.sol";
import {IndexedMulticall} from "./modules/IndexedMulticall.sol";
import {LiquidationModule} from "./modules/LiquidationModule.sol";
import {MarginModule} from "./modules/MarginModule.sol";
import {PoolModule} from "./modules/PoolModule.sol";
import {SettlementModule} from "./modules/SettlementModule.sol";
import {TradeModule} from "./modules/TradeModule.sol";
import {Market} from "./types/Market.sol";
import {CurveParameters, MarketParameters} from "./types/MarketParameters.sol";
import {Position} from "./types/Position.sol";
import {Terms} from "./types/Terms.sol";

/// @title MarginVault
/// @notice Holds the margin of every position of one market in separate ledgers. Composes the modules and exposes what
/// they store.
contract MarginVault is
    BatchModule,
    TradeModule,
    MarginModule,
    LiquidationModule,
    SettlementModule,
    PoolModule,
    IndexedMulticall
{
    using SafeCast for uint256;

    /// @dev Reads its parameters from the factory that creates it.
    constructor() {
        (MarketParameters memory parameters, MarketAddresses memory addresses) = IMarketFactory(msg.sender)
            .deployment();
        _token = IERC20(parameters.collateralToken);
        _oracle = IOracle(parameters.oracle);
        _pool = IReserveLedger(addresses.liquidityVault);
        _orderBook = addresses.orderBook;
        _scale = TokenScale.scaleOf(IERC20Metadata(parameters.collateralToken).decimals());
        ParameterBounds.check("sequencerGrace", parameters.sequencerGrace, 0, 1 days);
        _sequencerGrace = parameters.sequencerGrace;
        ParameterBounds.check(
            "protocolFeeShare",
            parameters.protocolFeeShare,
            0,
            ParameterBounds.MAX_PROTOCOL_FEE_SHARE
        );
        _protocolFeeShare = parameters.protocolFeeShare;
        require(parameters.protocolFeeReceiver != address(0), ZeroAddress());
        _protocolFeeReceiver = parameters.protocolFeeReceiver;

        CurveParameters memory curves_ = parameters.curves;
        ParameterBounds.checkCurves(curves_, parameters.pool.maxUtilization);
        _skewScale = curves_.skewScale;
        _fundingScale = curves_.fundingScale;
        _maxFundingRate = curves_.maxFundingRate;
        _minBorrowRate = curves_.minBorrowRate;
        _kinkBorrowRate = curves_.kinkBorrowRate;
        _maxBorrowRate = curves_.maxBorrowRate;
        _kinkUtilization = curves_.kinkUtilization;

        Terms memory terms_ = parameters.terms;
        ParameterBounds.checkTerms(terms_, IOracle(parameters.oracle).minInitialMarginRatio(), _scale);
        ParameterBounds.checkOpenInterest(parameters.maxOpenInterest, curves_.skewScale, terms_);
        _maxOpenInterest = parameters.maxOpenInterest.toUint128();
        _latestTermsId = 1;
        (_terms[1].ratios, _terms[1].amounts) = TermsMath.pack(terms_);
        _market.accruedAt = uint48(block.timestamp);
        _market.sequence = 1;
        emit TermsPublished(1, 1, terms_);
    }

    /// @dev What verification left comes back from the oracle and is returned within the same call.
    receive() external payable {
        require(msg.sender == address(_oracle), NotAuthorized(msg.sender));
    }

    /// @inheritdoc IMarginVaultState
    function position(uint256 positionId) external view returns (Position memory) {
        return _positions[positionId];
    }

    /// @inheritdoc IMarginVaultState
    function market() external view returns (Market memory) {
        return _market;
    }

    /// @inheritdoc IMarginVaultState
    function terms(uint256 termsId) external view returns (Terms memory) {
        return _termsOf(termsId);
    }

    /// @inheritdoc IMarginVaultState
    function latestTermsId() external view returns (uint256) {
        return _latestTermsId;
    }

    /// @inheritdoc IMarginVaultState
    function curves() external view returns (CurveParameters memory) {
        return _curves();
    }

    /// @inheritdoc IMarginVaultState
    function maxOpenInterest() external view returns (uint256) {
        return _maxOpenInterest;
    }

    /// @inheritdoc IMarginVaultState
    function claimable(address account) external view returns (uint256) {
        return _claimable[account];
    }

    /// @inheritdoc IMarginVaultState
    function pendingMarketOrders(uint256 positionId) external view returns (uint256) {
        return _pendingMarketOrders[positionId];
    }

    /// @inheritdoc IMarginVaultState
    function isLocked() external view returns (bool) {
        return _locked;
    }

    /// @inheritdoc IMarginVaultState
    function collateralToken() external view returns (address) {
        return address(_token);
    }

    /// @inheritdoc IMarginVaultState
    function tokenScale() external view returns (uint256) {
        return _scale;
    }

    /// @inheritdoc IMarginVaultState
    function oracle() external view returns (address) {
        return address(_oracle);
    }

    /// @inheritdoc IMarginVaultState
    function liquidityVault() external view returns (address) {
        return address(_pool);
    }

    /// @inheritdoc IMarginVaultState
    function orderBook() external view returns (address) {
        return _orderBook;
    }
}
